"""Page tokens of EPCIS: cursors that expire (EPCIS 2.0, `nextPageToken`)."""

from typing import Any

from linkxg.clock import HOUR, now_ms, rfc3339
from linkxg.errors import InvalidCursor
from linkxg.http.pagination import Cursors

VALID_MS = HOUR
MAX_PER_PAGE = 500


class PageTokens:
    """Encodes and decodes the tokens of one service."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors

    def seal(self, position: list[Any], filters: dict[str, Any]) -> tuple[str, str]:
        """(the token of `position`, valid only with the same `filters`; when it expires, RFC 3339)."""
        until = now_ms() + VALID_MS
        return self._cursors.seal([until, *position], filters), rfc3339(until)

    def open(self, token: str, filters: dict[str, Any]) -> list[Any]:
        """The position of a token. Raises InvalidCursor for one that is forged, expired, or of other filters."""
        until, *position = self._cursors.open(token, filters)
        if until < now_ms():
            raise InvalidCursor("The page token has expired; start again from the first page.")
        return position
