"""Header fields of routes, as the reference documents them."""

from typing import Annotated
from urllib.parse import urlencode

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

IDEMPOTENCY_KEY = "Idempotency-Key"
IdempotencyKey = Annotated[str | None, HeaderParameter(name=IDEMPOTENCY_KEY)]
"""A parameter of a handler; the guard checks it before the body is read."""


def header(name: str, description: str) -> ResponseHeader:
    """A response header field that the route sets itself."""
    return ResponseHeader(name=name, description=description, documentation_only=True)


REPLAYED = header("Idempotent-Replayed", "true if this request was answered before and this is the stored answer.")
LINK = header("Link", "With rel=next, the address of the next page (RFC 8288).")


def next_page(address: str, following: str | None, **asked: object) -> dict[str, str]:
    """The Link to the next page, which begins at the cursor `following`; empty after the last page."""
    if following is None:
        return {}
    query = {name: str(value) for name, value in asked.items() if value} | {"cursor": following}
    return {"Link": f'<{address}?{urlencode(query)}>; rel="next"'}


def replay(replayed: bool) -> dict[str, str]:
    """The header field of a replayed answer."""
    return {"Idempotent-Replayed": "true"} if replayed else {}
