"""Replaces the rows of a database in a restore, in one transaction.

The rows of the backup return, but no credential becomes valid again: every session, invitation and SCIM token ends,
password links and stored responses for retries are deleted, every epoch advances, every feed begins anew, and
revocations of the replaced database are reapplied. Subscriptions are paused, as one may have been deleted since. The
new keys are written last before the commit: if the commit fails after all, people have to sign in again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.catalog.products import share_store
from linkxg.clock import now_ms, rfc3339
from linkxg.db import invalidation_feed
from linkxg.db.backup import Label
from linkxg.db.copy import ReportProgress, copy_rows, delete_rows, is_empty
from linkxg.db.health import services_connected
from linkxg.db.idempotency import records
from linkxg.db.invalidation_feed import CLIENT, GONE, USER
from linkxg.db.migrations import upgrade
from linkxg.identity.accounts import store as people_store
from linkxg.identity.accounts.create_account import CLI
from linkxg.identity.accounts.email_change_store import end_email_changes
from linkxg.identity.client_assertions import store as assertion_store
from linkxg.identity.clients import store as client_store
from linkxg.identity.factors.challenge_store import mfa_challenges
from linkxg.identity.passkeys.challenge_store import passkey_challenges
from linkxg.identity.password_reset.store import password_resets
from linkxg.identity.scim import token_store
from linkxg.identity.sender_constraint.used_proofs_store import used_proofs
from linkxg.identity.sessions.store import end_all_sessions
from linkxg.identity.sign_up.store import sign_ups
from linkxg.identity.single_sign_on import store as sign_on_store
from linkxg.identity.tokens.key_store import SealedKeys, insert_sealed_keys, sealed_keys
from linkxg.network.connections import store as connection_store
from linkxg.network.epcis.subscriptions import store as subscription_store
from linkxg.network.feed import store as feed_store
from linkxg.network.passports.access import store as passport_access_store
from linkxg.ops.access_state import RESTORED, AccessState, read_access_state
from linkxg.ops.ended_sharing import NOTHING_ENDED, reapply_ended_sharing
from linkxg.ops.reapply_factors import read_factors, reapply_factors
from linkxg.ops.reapply_passports import NOTHING_SIGNED, read_signed_passports, reapply_signed_passports
from linkxg.ops.reapply_revocations import epochs_ahead, reapply_revocations
from linkxg.ops.reseal import reseal_secrets

_NOT_RESTORED = (
    records.name,
    invalidation_feed.changes.name,
    sealed_keys.name,
    used_proofs.name,
    feed_store.feed_entries.name,
    mfa_challenges.name,
    password_resets.name,
    sign_ups.name,
    passkey_challenges.name,
    sign_on_store.federated_sign_ins.name,
    sign_on_store.logout_tokens.name,
)
_IDS_PER_EVENT = 500
_PAUSED = "The service was restored from a backup; resume the subscription if it is still wanted."


class RestoreRefused(NamedTuple):
    """Nothing was changed."""

    reason: str


class NewKeys(NamedTuple):
    """The new server key, and the sealed keys for the other nodes."""

    server_key: bytes
    sealed: SealedKeys


class RestoreOptions(NamedTuple):
    """`new_keys` replaces the key file; `old_key` is the server key that was in it, if it could be read."""

    label: Label
    replace: bool
    revoke_secrets: bool
    withdraw_shares: bool
    new_keys: Callable[[], NewKeys]
    old_key: bytes | None


class Restored(NamedTuple):
    """Rows per table, and counts."""

    rows: dict[str, int]
    sessions_ended: int
    invitations_ended: int
    secrets_revoked: int
    shares_withdrawn: int
    kept_ended: int
    kept_disabled: int
    kept_narrowed: int


def replace_database(
    conn: Connection, source: Connection, options: RestoreOptions, on_progress: ReportProgress
) -> Restored | RestoreRefused:
    """Replace the rows of `conn` by those of `source`, which has the schema of this program."""
    connected = services_connected(conn)
    if connected:
        return RestoreRefused(f"services hold {connected} connections to the database: stop every node first")
    if not options.replace and not is_empty(conn, ignoring=(sealed_keys.name,)):
        return RestoreRefused("the database is not empty; use --replace to replace it with the backup")
    upgrade(conn)
    now = now_ms()
    old = {account_id: read_access_state(conn, account_id, now) for account_id in people_store.list_accounts(conn)}
    signed = {account_id: read_signed_passports(conn, account_id) for account_id in old}
    factors = {account_id: read_factors(conn, account_id) for account_id in old}
    heads = {account_id: feed_store.find_head(conn, account_id) for account_id in old}
    used = {account_id: assertion_store.list_used_assertions(conn, account_id, now) for account_id in old}
    ended = frozenset[str]().union(*(state.ended for state in old.values()))
    delete_rows(conn)
    rows = copy_rows(source, conn, skip=_NOT_RESTORED, on_progress=on_progress)
    restored = Restored(rows, 0, 0, 0, 0, 0, 0, 0)
    for account_id in people_store.list_accounts(conn):
        state = old.pop(account_id, None)
        restored = _revoke_access(conn, account_id, state, options, now, restored)
        if state is not None:
            known = [user.id for user in people_store.list_users(conn, account_id) if user.id in state.users]
            reapply_factors(conn, account_id, factors[account_id], known)
        for digest, expires_at in used.get(account_id, ()):
            assertion_store.use_assertion(conn, account_id, digest, expires_at)
        reapply_signed_passports(conn, account_id, signed.get(account_id, NOTHING_SIGNED), now)
        reapply_ended_sharing(conn, account_id, state.sharing if state else NOTHING_ENDED, ended, now)
        if options.withdraw_shares:
            withdrawn = share_store.withdraw_all_shares(conn, account_id, now)
            restored = restored._replace(shares_withdrawn=restored.shares_withdrawn + withdrawn)
        feed_store.restart_feed(conn, account_id, max(heads.get(account_id, 0), now))
    for account_id, deleted in old.items():
        _append_invalidations(conn, account_id, deleted, 0)
    keys = options.new_keys()
    if options.old_key is not None:
        reseal_secrets(conn, options.old_key, keys.server_key)
    insert_sealed_keys(conn, keys.sealed)
    return restored


def _revoke_access(
    conn: Connection,
    account_id: str,
    old: AccessState | None,
    options: RestoreOptions,
    now: int,
    restored: Restored,
) -> Restored:
    """Invalidate the credentials of one account; returns `restored` with its counts added."""
    loaded = read_access_state(conn, account_id, now)
    sessions = end_all_sessions(conn, account_id, now=now, reason="restored")
    end_email_changes(conn, account_id, now)
    invitations = people_store.end_invitations(conn, account_id, now)
    invitations += connection_store.end_invitations(conn, account_id, now)
    token_store.revoke_all(conn, account_id, now)
    passport_access_store.revoke_all_grants(conn, account_id, now)
    subscription_store.pause_all(conn, account_id, _PAUSED)
    revoked = 0
    for client in loaded.clients.values() if options.revoke_secrets else ():
        for secret in client.live_secrets(now):
            client_store.update_secret(conn, account_id, secret.id, revoked_at=now)
            revoked += 1
    if options.revoke_secrets:
        for credential_id in assertion_store.list_credential_ids(conn, account_id):
            assertion_store.delete_credential(conn, account_id, credential_id)
            revoked += 1
    ended: list[str] = []
    disabled: list[str] = []
    narrowed = 0
    if old is not None:
        ended, disabled, narrowed = reapply_revocations(conn, account_id, old, loaded, now)
    _append_invalidations(conn, account_id, old, epochs_ahead(old, loaded))
    _record(conn, account_id, options, ended, disabled)
    return restored._replace(
        sessions_ended=restored.sessions_ended + sessions,
        invitations_ended=restored.invitations_ended + invitations,
        secrets_revoked=restored.secrets_revoked + revoked,
        kept_ended=restored.kept_ended + len(ended),
        kept_disabled=restored.kept_disabled + len(disabled),
        kept_narrowed=restored.kept_narrowed + narrowed,
    )


def _record(conn: Connection, account_id: str, options: RestoreOptions, ended: list[str], disabled: list[str]) -> None:
    """Record the restore in the audit trail, in as many events as the ids need."""
    details: dict[str, Any] = {
        "backup_made_at": rfc3339(options.label.made_at),
        "secrets_revoked": options.revoke_secrets,
        "shares_withdrawn": options.withdraw_shares,
    }
    for start in range(0, max(len(ended), len(disabled), 1), _IDS_PER_EVENT):
        part = slice(start, start + _IDS_PER_EVENT)
        event = details | {"ended": ended[part], "disabled": disabled[part]}
        audit.record(conn, account_id, CLI, RESTORED, account_id, event)


def _append_invalidations(conn: Connection, account_id: str, old: AccessState | None, ahead: int) -> None:
    """Every token of either database has an earlier epoch, or belongs to a deleted person or client."""
    people = people_store.begin_epochs(conn, account_id, ahead)
    clients = client_store.begin_epochs(conn, account_id, ahead)
    invalidation_feed.append_all(conn, account_id, USER, dict.fromkeys(old.users if old else (), GONE) | people)
    invalidation_feed.append_all(conn, account_id, CLIENT, dict.fromkeys(old.clients if old else (), GONE) | clients)
