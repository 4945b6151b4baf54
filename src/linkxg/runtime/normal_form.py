"""Unicode normalization (UAX #15) in linear time.

Sorting a run of combining marks takes the square of its length. Text with more than 30 in a row, which no script needs
(UAX #15 §13, Stream-Safe Text Format), keeps its form.
"""

import unicodedata
from typing import Literal

MAX_MARKS = 30


def normalize(form: Literal["NFC", "NFD"], text: str) -> str:
    """`text` in that form; unchanged if it has a run of marks."""
    return text if has_run_of_marks(text) else unicodedata.normalize(form, text)


def has_run_of_marks(text: str) -> bool:
    """Whether more than 30 combining marks follow each other."""
    if text.isascii():
        return False
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MAX_MARKS:
            return True
    return False
