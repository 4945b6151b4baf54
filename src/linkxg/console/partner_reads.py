"""`/partners/{id}/reads`: which products a partner read, counted by hour."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.partner_sharing import skus_of
from linkxg.console.partners import ONE, name_of
from linkxg.errors import InvalidCursor
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.access_log.read_log import Position, read_access_log
from linkxg.network.connections.read_connections import read_connection

ON_A_PAGE = 100


@get(f"{ONE}/reads", **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    connection = await read_connection(page.database, page.account_id, connection_id)
    filters = {"list": "console reads", "account": page.account_id, "connection": connection_id}
    before = _position(page, filters)
    found, last = await read_access_log(
        page.database, page.account_id, connection_id, before=before, limit=ON_A_PAGE
    )  # fmt: skip
    return render(
        page,
        "partner_reads.html",
        one=connection,
        name=name_of(connection),
        found=found,
        skus=await skus_of(page, found),
        begun=before is not None,
        older=page.services.cursors.seal([*last], filters) if last else None,
    )


HANDLERS = (listing,)


def _position(page: PageRequest, filters: dict[str, str]) -> Position | None:
    """Where this page begins; a link that is none of ours shows the newest."""
    text = page.query.text("before")
    try:
        hour, product_id = page.services.cursors.open(text, filters) if text else (0, "")
    except InvalidCursor:
        return None
    return (hour, product_id) if text else None
