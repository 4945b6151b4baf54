"""Which header fields do routes take and give, as the reference tells of them?"""

from typing import Annotated

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", max_length=255)]


def header(name: str, says: str) -> ResponseHeader:
    """A field of an answer that the route sets itself."""
    return ResponseHeader(name=name, description=says, documentation_only=True)


def replay(replayed: bool) -> dict[str, str]:
    """Tells that this very request was answered before."""
    return {"Idempotent-Replayed": "true"} if replayed else {}
