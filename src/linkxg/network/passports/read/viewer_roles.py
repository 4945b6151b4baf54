"""The roles in which somebody reads a passport: everybody, its owner, or a partner by live shares."""

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.network.passports.documents.model import EVERYTHING, PUBLIC, PassportRecord, PassportRole, Roles
from linkxg.network.passports.read import store

_roles = msgspec.json.Decoder(list[PassportRole]).decode


def roles_of(conn: Connection, passport: PassportRecord, viewer_id: str | None) -> Roles:
    """`viewer_id` is the account of the reader, None of a stranger."""
    if viewer_id is None:
        return PUBLIC
    if viewer_id == passport.account_id:
        return EVERYTHING
    shared = store.list_share_roles(conn, viewer_id, passport.account_id, passport.product_id, now_ms())
    return PUBLIC.union(*map(_roles, shared))
