"""The kinds of second factors.

Each kind has a table of its own. The row of a person has a flag besides (`users.has_second_factor`), so that a sign-in
without a factor costs no further query; `update_second_factor_flag` updates it in the transaction of each change.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import rfc3339, rfc3339_or_none
from linkxg.identity.accounts.second_factor import mark_second_factor
from linkxg.identity.factors import recovery_store, totp_store
from linkxg.identity.factors.model import PASSKEY, RECOVERY_CODE, TOTP, FactorView
from linkxg.identity.passkeys.change_passkeys import delete_passkey, delete_passkeys
from linkxg.identity.passkeys.store import list_passkeys


class FactorKind(NamedTuple):
    """Functions over the factors of one kind; each takes the account and the person.

    `name` is the method of `POST /auth/mfa`. `delete` takes the id of one factor, and returns false if the person has
    no such factor of this kind.
    """

    name: str
    list: Callable[[Connection, str, str], list[FactorView]]
    delete: Callable[[Connection, str, str, str], bool]
    delete_all: Callable[[Connection, str, str], int]

    def exists(self, conn: Connection, account_id: str, user_id: str) -> bool:
        return bool(self.list(conn, account_id, user_id))


def _list_totp(conn: Connection, account_id: str, user_id: str) -> list[FactorView]:
    row = totp_store.find_totp(conn, account_id, user_id)
    if row is None:
        return []
    name = "Authenticator app"
    return [FactorView(row.id, TOTP, name, rfc3339(row.confirmed_at), rfc3339_or_none(row.last_used_at))]


def _list_passkeys(conn: Connection, account_id: str, user_id: str) -> list[FactorView]:
    return [
        FactorView(one.id, PASSKEY, one.name, rfc3339(one.created_at), rfc3339_or_none(one.last_used_at))
        for one in list_passkeys(conn, account_id, user_id)
    ]


KINDS = (
    FactorKind(TOTP, _list_totp, totp_store.delete_totp, totp_store.delete_all_totp),
    FactorKind(PASSKEY, _list_passkeys, delete_passkey, delete_passkeys),
)
"""Recovery codes are no kind: nobody has them alone."""


def has_factor(conn: Connection, account_id: str, user_id: str) -> bool:
    return any(kind.exists(conn, account_id, user_id) for kind in KINDS)


def list_factors(conn: Connection, account_id: str, user_id: str) -> list[FactorView]:
    """The person's factors of all kinds, the oldest first."""
    found = [factor for kind in KINDS for factor in kind.list(conn, account_id, user_id)]
    return sorted(found, key=lambda factor: factor.created_at)


def list_methods(conn: Connection, account_id: str, user_id: str) -> list[str]:
    """The methods by which the person can complete a sign-in."""
    methods = [kind.name for kind in KINDS if kind.exists(conn, account_id, user_id)]
    if recovery_store.count_codes(conn, account_id, user_id):
        methods.append(RECOVERY_CODE)
    return methods


def delete_factor(conn: Connection, account_id: str, user_id: str, factor_id: str) -> str | None:
    """Delete one factor; returns its method, None if the person has no such factor."""
    for kind in KINDS:
        if kind.delete(conn, account_id, user_id, factor_id):
            update_second_factor_flag(conn, account_id, user_id)
            return kind.name
    return None


def delete_factors(conn: Connection, account_id: str, user_id: str) -> int:
    """Delete every factor and recovery code of a person; returns how many factors there were."""
    deleted = sum(kind.delete_all(conn, account_id, user_id) for kind in KINDS)
    update_second_factor_flag(conn, account_id, user_id)
    return deleted


def update_second_factor_flag(conn: Connection, account_id: str, user_id: str) -> bool:
    """After a change of a person's factors: store whether they have any. Recovery codes end with the last factor.

    The caller holds the person's lock.
    """
    has = has_factor(conn, account_id, user_id)
    mark_second_factor(conn, account_id, user_id, has)
    if not has:
        recovery_store.delete_codes(conn, account_id, user_id)
    return has
