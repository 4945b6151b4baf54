"""One page of a list as a response."""

from typing import TypeVar

from litestar import Response

from linkxg.http.headers import next_page
from linkxg.http.pagination import Page, Pagination

T = TypeVar("T")


def page_response(
    found: list[T], following: str | None, address: str, *, limit: int, **asked: object
) -> Response[Page[T]]:
    """With a Link to the page that begins at the cursor `following`, which keeps what was `asked`."""
    page = Page(data=found, pagination=Pagination(following, following is not None, limit))
    return Response(page, headers=next_page(address, following, **asked, limit=limit))
