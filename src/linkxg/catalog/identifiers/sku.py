"""The normal form of a SKU: two that look the same are the same.

SKUs are kept and compared in Unicode's form NFC (UAX #15). Characters that show nothing are refused: white space,
controls, the default-ignorable code points of Unicode (DerivedCoreProperties.txt), and the empty Braille pattern.
Products that were stored before that are found by the decomposed form as well.
"""

import re
import unicodedata

from linkxg.runtime.normal_form import has_run_of_marks, normalize

UNSEEN = (
    r"\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
SKU_PATTERN = rf"^[^\x20{UNSEEN}](?:[^{UNSEEN}]*[^\x20{UNSEEN}])?$"
"""A pattern that JSON Schema (ECMA-262) and Python read alike."""
_UNSEEN = re.compile(rf"[{UNSEEN}\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
"""With those beyond the first plane, which a pattern of JSON Schema cannot name everywhere."""
_SKU = re.compile(SKU_PATTERN)


def normal_sku(sku: str) -> str:
    """The form in which a SKU is kept."""
    return normalize("NFC", sku)


def sku_forms(sku: str) -> tuple[str, ...]:
    """The forms under which a SKU may be stored, the one in use first."""
    if sku.isascii():
        return (sku,)
    return tuple(dict.fromkeys((normal_sku(sku), sku, normalize("NFD", sku))))


def is_sku(sku: str) -> bool:
    """Whether a SKU shows all its characters, without spaces around them."""
    shown = sku.isascii() or (_UNSEEN.search(sku) is None and not has_run_of_marks(sku))
    return shown and _SKU.fullmatch(sku) is not None


def are_normal(text: str) -> bool:
    """Whether printable text shows all its characters and is in normal form: of SKUs, one to a line."""
    return text.isascii() or (_UNSEEN.search(text.replace("\n", "")) is None and unicodedata.is_normalized("NFC", text))
