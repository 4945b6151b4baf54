"""Which characters may a text of a product have?

Patterns that JSON Schema (ECMA-262) and Python read alike; used whole, never as a search.
"""

# White space, control characters and what is invisible: two SKUs that look the same are the same.
_UNSEEN = r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb"
SKU_PATTERN = rf"^[^\x20{_UNSEEN}](?:[^{_UNSEEN}]*[^\x20{_UNSEEN}])?$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
NAME_PATTERN = LINE_PATTERN.replace("^", r"^(?=.*\S)", 1)
