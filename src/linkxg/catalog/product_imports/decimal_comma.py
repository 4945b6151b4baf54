"""Cells in locales with a decimal comma, in files whose separator is not a comma."""

import re

COMMA_NUMBER = re.compile(r"-?[0-9]{1,17},[0-9]{1,17}")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?")
LOCAL_FLAGS = {
    "WAHR": True, "FALSCH": False, "VRAI": True, "FAUX": False, "VERDADERO": True, "FALSO": False, "VERO": True,
}  # fmt: skip
"""How Excel writes true and false in German, French, Spanish and Italian."""
AMBIGUOUS = (
    "The point in this number may be a thousands separator or a decimal point. Write thousands without a "
    "separator, and fractions with a comma: 1234 or 1,234."
)


def is_ambiguous(cell: str) -> bool:
    """Whether a point may be a thousands separator or a decimal point; no thousands group begins with a zero."""
    return "." in cell and _THOUSANDS.fullmatch(cell) is not None


def is_local(cell: str) -> bool:
    """Whether an attribute is not the same value as in a file separated by commas."""
    return is_ambiguous(cell) or cell in LOCAL_FLAGS
