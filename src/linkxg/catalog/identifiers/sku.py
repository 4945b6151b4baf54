"""The normal form of a SKU: two SKUs that look the same are the same.

SKUs are stored and compared in NFC (UAX #15). Invisible characters are rejected: white space, controls, the
default-ignorable code points of Unicode (DerivedCoreProperties.txt) and the empty Braille pattern. SKUs stored before
this rule are also found by their decomposed form.
"""

import re
import unicodedata

from linkxg.runtime.normal_form import has_run_of_marks, normalize

INVISIBLE = (
    r"\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
SKU_PATTERN = rf"^[^\x20{INVISIBLE}](?:[^{INVISIBLE}]*[^\x20{INVISIBLE}])?$"
"""A pattern with the same meaning in JSON Schema (ECMA-262) and Python."""
_INVISIBLE = re.compile(rf"[{INVISIBLE}\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
"""Includes characters beyond the Basic Multilingual Plane, which not every JSON Schema validator supports."""
_SKU = re.compile(SKU_PATTERN)


def normal_sku(sku: str) -> str:
    """The form in which a SKU is stored."""
    return normalize("NFC", sku)


def sku_forms(sku: str) -> tuple[str, ...]:
    """The forms in which a SKU may be stored, the normal form first."""
    if sku.isascii():
        return (sku,)
    return tuple(dict.fromkeys((normal_sku(sku), sku, normalize("NFD", sku))))


def is_sku(sku: str) -> bool:
    """Whether every character is visible, apart from spaces between other characters."""
    visible = sku.isascii() or (_INVISIBLE.search(sku) is None and not has_run_of_marks(sku))
    return visible and _SKU.fullmatch(sku) is not None


def are_normal(text: str) -> bool:
    """Whether printable SKUs, one per line, have only visible characters and are in normal form."""
    if text.isascii():
        return True
    return _INVISIBLE.search(text.replace("\n", "")) is None and unicodedata.is_normalized("NFC", text)
