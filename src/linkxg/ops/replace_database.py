"""Replaces the rows of a database in a restore, in one transaction.

Old rows come back, but nothing that could open something does: every session and invitation ends, answers kept for
retries go, every epoch moves on, and what the replaced database knew as taken away stays away. The new keys are the
last thing before the commit: should the commit fail after all, people sign in again, and nothing dead lives.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.clock import now_ms, rfc3339
from linkxg.db import invalidation_feed
from linkxg.db.backup import Label
from linkxg.db.copy import Progress, copy_rows, delete_rows, is_empty
from linkxg.db.health import services_connected
from linkxg.db.idempotency import records
from linkxg.db.invalidation_feed import CLIENT, GONE, USER
from linkxg.db.migrations import upgrade
from linkxg.identity.accounts import store as people_store
from linkxg.identity.accounts.create_account import CLI
from linkxg.identity.clients import store as client_store
from linkxg.identity.sessions.store import end_all_sessions
from linkxg.identity.tokens.key_store import SealedKeys, insert_sealed_keys, sealed_keys
from linkxg.ops.access_state import RESTORED, AccessState, read_access_state
from linkxg.ops.reapply_revocations import epochs_ahead, reapply_revocations

_LEFT_BEHIND = (records.name, invalidation_feed.changes.name, sealed_keys.name)
_IDS_PER_EVENT = 500


class RestoreRefused(NamedTuple):
    """Nothing was changed."""

    reason: str


class RestoreOptions(NamedTuple):
    """What the restore is told. `new_keys` replaces the key file and says what the other nodes get of it."""

    label: Label
    replace: bool
    revoke_secrets: bool
    new_keys: Callable[[], SealedKeys]


class Restored(NamedTuple):
    """What was done: rows per table, and counts."""

    rows: dict[str, int]
    sessions_ended: int
    invitations_ended: int
    secrets_revoked: int
    kept_ended: int
    kept_disabled: int
    kept_narrowed: int


def replace_database(
    conn: Connection, source: Connection, wanted: RestoreOptions, on_progress: Progress
) -> Restored | RestoreRefused:
    """Replace what `conn` holds by the rows of `source`, which has the schema of this program."""
    connected = services_connected(conn)
    if connected:
        return RestoreRefused(f"services hold {connected} connections to the database: stop every node first")
    if not wanted.replace and not is_empty(conn, besides=(sealed_keys.name,)):
        return RestoreRefused("the database is not empty; use --replace to replace it with the backup")
    upgrade(conn)
    now = now_ms()
    was = {account_id: read_access_state(conn, account_id, now) for account_id in people_store.list_accounts(conn)}
    delete_rows(conn)
    rows = copy_rows(source, conn, skip=_LEFT_BEHIND, on_progress=on_progress)
    done = Restored(rows, 0, 0, 0, 0, 0, 0)
    for account_id in people_store.list_accounts(conn):
        done = _settle(conn, account_id, was.pop(account_id, None), wanted, now, done)
    for account_id, standing in was.items():
        _tell_feed(conn, account_id, standing, 0)
    insert_sealed_keys(conn, wanted.new_keys())
    return done


def _settle(
    conn: Connection, account_id: str, was: AccessState | None, wanted: RestoreOptions, now: int, done: Restored
) -> Restored:
    """Make sure that nothing in one account opens anything that it should not."""
    loaded = read_access_state(conn, account_id, now)
    sessions = end_all_sessions(conn, account_id, now=now, reason="restored")
    invitations = people_store.end_invitations(conn, account_id, now)
    revoked = 0
    for client in loaded.clients.values() if wanted.revoke_secrets else ():
        for secret in client.live_secrets(now):
            client_store.update_secret(conn, account_id, secret.id, revoked_at=now)
            revoked += 1
    ended: list[str] = []
    disabled: list[str] = []
    narrowed = 0
    if was is not None:
        ended, disabled, narrowed = reapply_revocations(conn, account_id, was, loaded, now)
    _tell_feed(conn, account_id, was, epochs_ahead(was, loaded))
    _record(conn, account_id, wanted, ended, disabled)
    return done._replace(
        sessions_ended=done.sessions_ended + sessions,
        invitations_ended=done.invitations_ended + invitations,
        secrets_revoked=done.secrets_revoked + revoked,
        kept_ended=done.kept_ended + len(ended),
        kept_disabled=done.kept_disabled + len(disabled),
        kept_narrowed=done.kept_narrowed + narrowed,
    )


def _record(conn: Connection, account_id: str, wanted: RestoreOptions, ended: list[str], disabled: list[str]) -> None:
    """Tell the account's trail, in as many events as the ids need."""
    details: dict[str, Any] = {
        "backup_made_at": rfc3339(wanted.label.made_at),
        "secrets_revoked": wanted.revoke_secrets,
    }
    for start in range(0, max(len(ended), len(disabled), 1), _IDS_PER_EVENT):
        part = slice(start, start + _IDS_PER_EVENT)
        told = details | {"ended": ended[part], "disabled": disabled[part]}
        audit.record(conn, account_id, CLI, RESTORED, account_id, told)


def _tell_feed(conn: Connection, account_id: str, was: AccessState | None, ahead: int) -> None:
    """Every token of either database is of an earlier epoch, or of somebody gone."""
    people = people_store.begin_epochs(conn, account_id, ahead)
    clients = client_store.begin_epochs(conn, account_id, ahead)
    invalidation_feed.append_all(conn, USER, dict.fromkeys(was.users if was else (), GONE) | people)
    invalidation_feed.append_all(conn, CLIENT, dict.fromkeys(was.clients if was else (), GONE) | clients)
