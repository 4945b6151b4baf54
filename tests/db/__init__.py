"""Do the rows come through, whichever engine keeps them?"""
