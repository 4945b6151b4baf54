"""The SQL of resolving: which passports of an account a link may lead to."""

from sqlalchemy import Connection, select, tuple_

from linkxg.network.passports.issue.store import passports

_p = passports.c


def list_candidates(
    conn: Connection, account_id: str, gtin14: str, lot: str, serial: str
) -> dict[tuple[str, str], str]:
    """The ids of the passports of the item, the batch and the model, by lot and serial."""
    wanted = {("", ""), (lot, ""), (lot, serial), ("", serial)}
    query = select(_p.lot, _p.serial, _p.id).where(_p.account_id == account_id, _p.gtin14 == gtin14)
    return {(row[0], row[1]): row[2] for row in conn.execute(query.where(tuple_(_p.lot, _p.serial).in_(wanted)))}
