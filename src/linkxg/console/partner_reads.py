"""`/partners/{id}/reads`: which products of the account a partner read."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.partners import PARTNER, name_of
from linkxg.errors import InvalidCursor
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.access_log.read_log import LogPosition, read_access_log
from linkxg.network.connections.read_connections import read_connection

ON_A_PAGE = 100


@get(f"{PARTNER}/reads", **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    cursors = page.services.cursors
    filters = {"list": "console reads", "account": page.account_id, "connection": connection_id}
    after: LogPosition | None = None
    try:
        if page.query.text("after"):
            hour, product_id = cursors.open(page.query.text("after"), filters)
            after = (hour, product_id)
    except InvalidCursor:
        pass
    connection = await read_connection(page.database, page.account_id, connection_id)
    reads, last = await read_access_log(page.database, page.account_id, connection_id, before=after, limit=ON_A_PAGE)
    return render(
        page,
        "partner_reads.html",
        one=connection,
        name=name_of(connection),
        reads=reads,
        begun=after is not None,
        following=cursors.seal([*last], filters) if last else None,
    )


HANDLERS = (listing,)
