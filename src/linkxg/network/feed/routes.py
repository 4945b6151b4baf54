"""`/shared/changes`: the feed of what changed for the account."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import Gone, InvalidCursor
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Pagination
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.feed.feed_waits import FeedWaits
from linkxg.network.feed.model import FeedEntry
from linkxg.network.feed.read_feed import FeedPage, deleted_entries, read_feed, read_head

TAG = Tag("Shared changes", "What changed for the account: connections, shares, and the products of partners.")
MAX_WAIT_S = 30


@dataclass(frozen=True, slots=True)
class FeedServices:
    database: Database
    cursors: Cursors
    waits: FeedWaits


@get("/shared/changes", operation_id="listSharedChanges", errors=(Gone,), **scope("connections:read"))
async def changes(
    request: Request[Any, Any, Any],
    services: NamedDependency[FeedServices],
    cursor: FromQuery[str | None] = None,
    start: Annotated[
        Literal["oldest", "newest"], QueryParameter(description="Without a cursor: where the feed begins.")
    ] = "oldest",
    limit: Limit = DEFAULT_LIMIT,
    wait: Annotated[int, QueryParameter(ge=0, le=MAX_WAIT_S, description="Seconds to wait for an entry.")] = 0,
) -> Page[FeedEntry]:
    """The entries after the cursor, in the order of their commits and without gaps.

    `nextCursor` is always given: continue with it, now while `hasMore` is true, else later. Entries are kept for 90
    days. To follow the shared products, take a cursor with `start=newest`, list `/shared/products`, then read on here.
    """
    database, account_id = services.database, account_id_of(request.scope)
    filters = {"list": "shared changes", "account": account_id}
    after = _open(services.cursors, cursor, filters) if cursor else None
    async with services.waits.reads.slot():
        if after is None and start == "newest":
            after = await read_head(database, account_id)
        page = await read_feed(database, account_id, after=after, limit=limit)
    if wait and not page.entries:
        await services.waits.until_after(account_id, page.last, _seconds(page, wait))
        async with services.waits.reads.slot():
            # The token may have been revoked in the meantime.
            await context_of(request.scope).authorise_again()
            page = await read_feed(database, account_id, after=page.last, limit=limit)
    following = services.cursors.seal([page.last], filters)
    return Page(data=page.entries, pagination=Pagination(following, page.has_more, limit))


def _open(cursors: Cursors, cursor: str, filters: dict[str, Any]) -> int:
    """The number to read after. Raises Gone for a cursor that was sealed before the keys were replaced."""
    try:
        return int(cursors.open(cursor, filters)[0])
    except InvalidCursor:
        if cursors.is_of_another_key(cursor, filters):
            raise deleted_entries() from None
        raise


def _seconds(page: FeedPage, wait: int) -> float:
    """At most until the next share expires."""
    if page.next_expiry is None:
        return wait
    return max(0.0, min(wait, (page.next_expiry - now_ms()) / 1_000))


def router(services: FeedServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[changes],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
