"""Are GS1 identifiers told apart from what only looks like them, and brought to one form?"""
