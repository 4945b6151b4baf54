"""The outcome of a unit of work: a value, or the error that the verb raises once the unit has been committed."""

from typing import TypeVar

from linkxg.errors import PublicError

T = TypeVar("T")


def value_or_raise(outcome: T | PublicError) -> T:
    """The value. Raises the error."""
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome
