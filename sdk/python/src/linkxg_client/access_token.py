"""An access token and its lifetime on this machine's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from linkxg_client.clock import Clock

if TYPE_CHECKING:
    from linkxg_client.dpop import DpopKey

LEEWAY_S = 10.0
"""A token is not sent when it expires within this time: the request has to arrive first."""


class AccessToken:
    """A bearer token, or one that is bound to the key `dpop`. It does not show itself and cannot be pickled."""

    __slots__ = ("_value", "dpop", "expires_at", "header", "refresh_at", "scope")

    def __init__(
        self, value: str, expires_in: float, scope: str, asked_at: float, clock: Clock, dpop: DpopKey | None = None
    ) -> None:
        """`asked_at` is when the request was sent, so that its duration shortens the lifetime."""
        self._value = value
        self.scope = scope
        self.dpop = dpop
        self.header = f"Bearer {value}" if dpop is None else f"DPoP {value}"
        self.expires_at = asked_at + expires_in - min(LEEWAY_S, expires_in / 10)
        # Between 1/15 and 2/15 of the lifetime ahead of its end: one to two minutes of fifteen.
        self.refresh_at = self.expires_at - expires_in * clock.uniform(1 / 15, 2 / 15)

    def reveal(self) -> str:
        """The token itself."""
        return self._value

    def __repr__(self) -> str:
        return f"AccessToken(scope={self.scope!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("An access token cannot be pickled; fetch one in the other process.")
