"""Do files become products, exactly once, and come back where they failed?"""
