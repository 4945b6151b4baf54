"""The character patterns of product texts.

Patterns that JSON Schema (ECMA-262) and Python read alike; used whole, never as a search.
"""

LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
NAME_PATTERN = LINE_PATTERN.replace("^", r"^(?=.*\S)", 1)
