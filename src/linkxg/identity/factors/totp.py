"""An authenticator app of a person: begun, confirmed by its first code, and checked at sign-in.

The secret is sealed with the server key and bound to its row. A code works once: its step is stored by one conditional
UPDATE, and no step at or before it is accepted again (RFC 6238 §5.2).
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.crypto.seal import seal, unseal
from linkxg.crypto.totp import find_step, new_totp_secret
from linkxg.db.schema import AnyRow
from linkxg.identity.factors import totp_store
from linkxg.identity.factors.kinds import update_second_factor_flag
from linkxg.identity.factors.model import ENROLLMENT_MS
from linkxg.ids import uuid7

MAX_PENDING = 20
"""Apps of a person that wait for their first code, each of another session or sign-in; the oldest are forgotten."""


class PendingTotp(NamedTuple):
    """An authenticator app that waits for its first code until `expires_at` (milliseconds)."""

    id: str
    secret: bytes
    sealed: bytes
    expires_at: int


def new_pending_totp(server_key: bytes) -> PendingTotp:
    factor_id, secret = uuid7(), new_totp_secret()
    return PendingTotp(factor_id, secret, seal(server_key, seal_purpose(factor_id), secret), now_ms() + ENROLLMENT_MS)


def insert_pending(conn: Connection, account_id: str, user_id: str, begun_in: str, pending: PendingTotp) -> None:
    """Store an app that waits for its first code, in place of an earlier one of the same session or sign-in.

    `begun_in` is the id of the session, or the digest of the sign-in: nobody else who has the password sees the secret,
    replaces or confirms it. The caller holds the person's lock.
    """
    totp_store.delete_pending_totp(conn, account_id, user_id, begun_in)
    totp_store.delete_pending_beyond(conn, account_id, user_id, MAX_PENDING - 1)
    totp_store.insert_totp(
        conn, account_id, id=pending.id, user_id=user_id, begun_in=begun_in, secret=pending.sealed,
        now=pending.expires_at - ENROLLMENT_MS,
    )  # fmt: skip


def find_pending(
    conn: Connection, server_key: bytes, account_id: str, user_id: str, begun_in: str
) -> PendingTotp | None:
    """The app of this session or sign-in that waits for its first code."""
    row = totp_store.find_pending_totp(conn, account_id, user_id, begun_in, now_ms() - ENROLLMENT_MS)
    secret = None if row is None else unseal(server_key, seal_purpose(row.id), row.secret)
    if row is None or secret is None:
        return None
    return PendingTotp(row.id, secret, row.secret, row.created_at + ENROLLMENT_MS)


def confirm_pending(
    conn: Connection, server_key: bytes, account_id: str, user_id: str, begun_in: str, code: str
) -> str | None:
    """Confirm the app that waits, which replaces an earlier one of the person; its id, None for a wrong code.

    The apps that wait in other sessions and sign-ins of the person are forgotten.

    The caller holds the person's lock.
    """
    now = now_ms()
    row = totp_store.find_pending_totp(conn, account_id, user_id, begun_in, now - ENROLLMENT_MS)
    step = None if row is None else _step_of(server_key, row, code, now)
    if row is None or step is None:
        return None
    earlier = totp_store.find_totp(conn, account_id, user_id)
    if earlier is not None:
        totp_store.delete_totp(conn, account_id, user_id, earlier.id)
    if not totp_store.confirm_pending_totp(conn, account_id, row.id, step, now):
        return None
    totp_store.delete_pending_totp(conn, account_id, user_id)
    update_second_factor_flag(conn, account_id, user_id)
    return str(row.id)


def use_totp_code(conn: Connection, server_key: bytes, account_id: str, user_id: str, code: str) -> bool:
    """Use up a code of the person's app; false for a wrong one, and unless its step follows that of the last one."""
    now = now_ms()
    row = totp_store.find_totp(conn, account_id, user_id)
    step = None if row is None else _step_of(server_key, row, code, now)
    return row is not None and step is not None and totp_store.use_totp(conn, account_id, row.id, step, now)


def _step_of(server_key: bytes, row: AnyRow, code: str, now: int) -> int | None:
    secret = unseal(server_key, seal_purpose(row.id), row.secret)
    return None if secret is None else find_step(secret, "".join(code.split()), now)


def seal_purpose(factor_id: str) -> bytes:
    """What a secret is sealed for: it opens in its own row only."""
    return f"totp {factor_id}".encode()
