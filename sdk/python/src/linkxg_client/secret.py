"""A secret value that does not show itself in a representation, a log, a pickle or a traceback."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn, Self

_CREDENTIALS = re.compile(
    r"lxg(?:sec|ref|mfa|rst|sup|scm|eml|dpp)_[0-9A-Za-z_-]{8,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    re.ASCII,
)


class Secret:
    """Holds one secret; only `reveal()` gives it away. It cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise ValueError("A secret is not empty.")
        self._value = value

    def reveal(self) -> str:
        """The value itself. Do not keep it in a variable that outlives its use."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A secret cannot be pickled; pass its source instead.")


class Assertion(Secret):
    """A signed token in the place of a secret, for one request (RFC 7523 §2.2)."""

    __slots__ = ()


class ByCertificate(Secret):
    """No secret: the certificate of the connection authenticates the client (RFC 8705 §2)."""

    __slots__ = ()


def redact(text: str) -> str:
    """The text without anything that looks like a credential of LinkXG."""
    return _CREDENTIALS.sub("****", text)
