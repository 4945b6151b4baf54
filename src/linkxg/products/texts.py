"""Which characters may a text of a product have?

Patterns that JSON Schema (ECMA-262) and Python read alike; used whole, never as a search.
"""

# White space, control characters and what is invisible: two SKUs that look the same are the same.
UNSEEN = (
    r"\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
SKU_PATTERN = rf"^[^\x20{UNSEEN}](?:[^{UNSEEN}]*[^\x20{UNSEEN}])?$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
NAME_PATTERN = LINE_PATTERN.replace("^", r"^(?=.*\S)", 1)
