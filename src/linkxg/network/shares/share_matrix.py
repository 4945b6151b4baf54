"""What an account shares with each of its partners, at a glance."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.network.shares import store
from linkxg.network.shares.summary import count_fields, day
from linkxg.network.shares.view_share import paths_of

MAX_WIDE = 1_000
"""Shares of everything and of categories that one page shows."""


class SharedCell(NamedTuple):
    """One share: of which fields, and until when."""

    share_id: str
    category: str | None
    fields: str
    until: str | None


class PartnerShares(NamedTuple):
    """The live shares with one partner; `products` counts single products."""

    everything: list[SharedCell]
    categories: list[SharedCell]
    products: int


async def read_share_matrix(
    database: Database, account_id: str, connection_ids: Sequence[str]
) -> tuple[dict[str, PartnerShares], bool]:
    """(by connection, whether some shares are left out)."""

    def unit(conn: Connection) -> tuple[dict[str, PartnerShares], bool]:
        now = now_ms()
        rows = store.list_wide_shares(conn, account_id, connection_ids, now, MAX_WIDE + 1)
        counts = store.count_product_shares(conn, account_id, connection_ids, now)
        found = {one: PartnerShares([], [], counts.get(one, 0)) for one in connection_ids}
        for row in rows[:MAX_WIDE]:
            partner = found[row.connection_id]
            until = None if row.expires_at is None else day(row.expires_at)
            cell = SharedCell(row.id, row.category, count_fields(paths_of(row.fields)), until)
            (partner.everything if row.type == "ALL" else partner.categories).append(cell)
        return found, len(rows) > MAX_WIDE

    return await database.read(unit)
