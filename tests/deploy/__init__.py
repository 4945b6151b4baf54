"""Do the parts in deploy fit together, and do they do what operations.md says?"""
