"""Checks of single fields, each of which adds to the faults of the whole body."""

from typing import TypeVar

from linkxg.errors import ValidationFailed
from linkxg.http.schema_errors import FieldFault, fault

MAX_TEXT = 500
"""Characters of a message, a purpose or a reason."""
T = TypeVar("T", bound=str)


def one_of(field: str, given: str, known: tuple[T, ...], faults: list[FieldFault]) -> T:
    """The given value if it is known; otherwise add a fault."""
    for one in known:
        if one == given:
            return one
    faults.append(fault(field, f"Must be one of {', '.join(known)}."))
    return known[0]


def check_text(field: str, text: str | None, faults: list[FieldFault], longest: int = MAX_TEXT) -> None:
    """Add a fault if it is longer."""
    if text is not None and len(text) > longest:
        faults.append(fault(field, f"At most {longest:,} characters.", "too_long"))


def check_reason(reason: str | None) -> None:
    """Raises ValidationFailed."""
    faults: list[FieldFault] = []
    check_text("reason", reason, faults)
    if faults:
        raise ValidationFailed(details=faults)
