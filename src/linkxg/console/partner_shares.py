"""`/partners/shares`: what the account shares with whom; `/partners/{id}/shares`: every share with one partner."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.partners import PARTNER, PARTNERS, name_of, skus_of
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.connections.read_connections import list_connections, read_connection
from linkxg.network.shares.read_shares import list_shares
from linkxg.network.shares.share_matrix import read_share_matrix

ON_A_PAGE = 50


@get(f"{PARTNERS}/shares", **session_roles(EVERYONE))
async def matrix(page: NamedDependency[PageRequest]) -> Response[str]:
    before = page.query.text("before") or None
    partners, more = await list_connections(
        page.database, page.account_id, before=before, limit=ON_A_PAGE, status="ACTIVE"
    )
    shared, cut = await read_share_matrix(page.database, page.account_id, [one.id for one in partners])
    return render(
        page,
        "share_matrix.html",
        rows=[(one.id, name_of(one), shared[one.id]) for one in partners],
        cut=cut,
        begun=before,
        older=partners[-1].id if more else None,
    )


@get(f"{PARTNER}/shares", **session_roles(EVERYONE))
async def listing(page: NamedDependency[PageRequest], connection_id: FromPath[str]) -> Response[str]:
    before = page.query.text("before") or None
    connection = await read_connection(page.database, page.account_id, connection_id)
    shares, more = await list_shares(page.database, page.account_id, connection_id, before=before, limit=ON_A_PAGE)
    return render(
        page,
        "partner_shares.html",
        one=connection,
        name=name_of(connection),
        shares=shares,
        skus=await skus_of(page, shares),
        begun=before,
        older=shares[-1].id if more else None,
    )


HANDLERS = (matrix, listing)
