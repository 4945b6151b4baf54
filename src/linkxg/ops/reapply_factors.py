"""Second factors in a restore: of a person whom the replaced database knows, its factors are the valid ones.

So no used recovery code, no removed app or passkey and no earlier code works again, and nobody loses a factor that they
had set up since the backup.
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.db.schema import AnyRow
from linkxg.identity.factors import recovery_store, totp_store
from linkxg.identity.factors.kinds import delete_factors, update_second_factor_flag
from linkxg.identity.passkeys import store as passkey_store
from linkxg.identity.passkeys.model import Passkey


class AccountFactors(NamedTuple):
    """The rows of an account's people."""

    apps: list[AnyRow]
    codes: list[AnyRow]
    passkeys: list[Passkey]


def read_factors(conn: Connection, account_id: str) -> AccountFactors:
    return AccountFactors(
        totp_store.list_confirmed_totp(conn, account_id),
        recovery_store.list_recovery_codes(conn, account_id),
        passkey_store.list_account_passkeys(conn, account_id),
    )


def reapply_factors(conn: Connection, account_id: str, old: AccountFactors, people: Collection[str]) -> None:
    """Replace the loaded factors of `people`, whom the replaced database knew too."""
    for user_id in people:
        delete_factors(conn, account_id, user_id)
    for app in old.apps:
        if app.user_id in people:
            totp_store.insert_confirmed_totp(conn, account_id, app)
    for passkey in old.passkeys:
        if passkey.user_id in people:
            passkey_store.insert_passkey(conn, account_id, passkey)
    for code in old.codes:
        if code.user_id in people:
            recovery_store.insert_recovery_code(conn, account_id, code)
    for user_id in people:
        update_second_factor_flag(conn, account_id, user_id)
