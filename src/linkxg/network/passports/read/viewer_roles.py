"""The roles in which somebody reads a version of a passport: everybody, its owner, or a partner by live shares."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.network.passports.documents.model import EVERYTHING, PUBLIC, PassportRole, Roles, StoredPassport
from linkxg.network.passports.read import store

_ALL = "ALL"
_roles = msgspec.json.Decoder(list[PassportRole]).decode


class ViewerRoles(NamedTuple):
    """Those for the version that is read, and for the ones before the newest."""

    roles: Roles
    earlier: Roles


def roles_of(conn: Connection, stored: StoredPassport, viewer_id: str | None) -> ViewerRoles:
    """`viewer_id` is the account of the reader, None of a stranger.

    A share is of the product in that version, which may have been another one before a GTIN moved; an earlier version
    is shown by shares of all versions alone.
    """
    passport, version = stored.passport, stored.version
    if viewer_id is None:
        return ViewerRoles(PUBLIC, PUBLIC)
    if viewer_id == passport.account_id:
        return ViewerRoles(EVERYTHING, EVERYTHING)
    shared = store.list_share_roles(conn, viewer_id, passport.account_id, version.product_id, now_ms())
    earlier = PUBLIC.union(*(_roles(roles) for roles, versions in shared if versions == _ALL))
    is_newest = version.version == passport.version and passport.successor_id is None
    return ViewerRoles(PUBLIC.union(*(_roles(roles) for roles, _ in shared)) if is_newest else earlier, earlier)
