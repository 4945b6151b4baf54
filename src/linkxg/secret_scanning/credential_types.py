"""The types of credentials: how those that were found in public are looked up, and how each is revoked."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.find_secrets import KINDS, PREFIX_LENGTH
from linkxg.crypto.refresh_tokens import read_refresh_token
from linkxg.crypto.secrets import (
    CLIENT_SECRET,
    EMAIL_CHANGE,
    INVITATION,
    MFA_TOKEN,
    PASSPORT_ACCESS,
    PASSWORD_RESET,
    REFRESH_TOKEN,
    SCIM_TOKEN,
    SIGN_UP,
    is_well_formed,
)
from linkxg.identity.accounts.email_change_store import find_email_changes_by_digest
from linkxg.identity.accounts.email_changes import end_leaked_change
from linkxg.identity.accounts.invite_user import end_invitation
from linkxg.identity.accounts.store import find_invitations_by_digest
from linkxg.identity.clients.revoke_leaked_secret import revoke_leaked_secret
from linkxg.identity.clients.store import find_secrets_by_digest
from linkxg.identity.factors.challenge_store import find_mfa_challenges_by_digest
from linkxg.identity.factors.challenges import end_mfa_challenge
from linkxg.identity.password_reset.end_link import end_link
from linkxg.identity.password_reset.store import find_resets_by_digest
from linkxg.identity.scim.manage_tokens import end_token
from linkxg.identity.scim.token_store import find_tokens_by_digest
from linkxg.identity.sessions.end_sessions import end_session_of_token
from linkxg.identity.sessions.store import find_session
from linkxg.identity.sign_up.end_sign_up import end_sign_up
from linkxg.identity.sign_up.store import find_sign_ups_by_digest
from linkxg.network.connections.revoke import withdraw_leaked_invitation
from linkxg.network.connections.store import find_by_tokens
from linkxg.network.passports.access.grant_access import end_grant
from linkxg.network.passports.access.store import find_grants_by_digest, find_open_grant

Digests = Sequence[bytes]


class LeakedCredential(NamedTuple):
    """A credential of this server, live or not. `account_id` is empty if it belongs to no account yet.

    `target` is what it opens: a client, a person, or itself; `id` is its own.
    """

    kind: str
    digest: bytes
    account_id: str
    id: str
    target: str


class Revocation(NamedTuple):
    """`was_live` is false of a credential that had ended before.

    `successors` are the ids of credentials that it had made for itself, and that were revoked with it.
    """

    was_live: bool = True
    successors: tuple[str, ...] = ()


class _CredentialType(NamedTuple):
    """`revoke` is None if there is no news; it gets the address at which it was found."""

    find: Callable[[Connection, Digests], Iterable[LeakedCredential]]
    revoke: Callable[[Connection, Actor, LeakedCredential, str], Revocation | None]


def kind_of(server_key: bytes, token: str) -> str | None:
    """The prefix of a credential whose checksum is right; None for anything else, without a query."""
    prefix = token[:PREFIX_LENGTH]
    if prefix == REFRESH_TOKEN:
        return prefix if read_refresh_token(server_key, token) else None
    return prefix if prefix in KINDS and is_well_formed(token, prefix) else None


def find_credentials(conn: Connection, kind: str, digests: Digests) -> list[LeakedCredential]:
    """Those of any account that are not refresh tokens, which name their session themselves."""
    return list(_TYPES[kind].find(conn, digests)) if kind in _TYPES else []


def find_session_of(conn: Connection, server_key: bytes, token: str, digest: bytes) -> LeakedCredential | None:
    """The session of a refresh token of any generation; None if it was deleted."""
    read = read_refresh_token(server_key, token)
    session = None if read is None else find_session(conn, read.session_id)
    if session is None:
        return None
    return LeakedCredential(REFRESH_TOKEN, digest, session.account_id, session.id, session.user_id)


def revoke(conn: Connection, actor: Actor, found: LeakedCredential, url: str) -> Revocation | None:
    """Inside a unit of work for the account: None if nothing of it was live; of a secret, if it was reported before."""
    if found.kind == REFRESH_TOKEN:
        return _if_ended(end_session_of_token(conn, actor, found.id, "found in public") is not None)
    return _TYPES[found.kind].revoke(conn, actor, found, url)


def _if_ended(has_ended: bool) -> Revocation | None:
    return Revocation() if has_ended else None


def _find_secrets(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    rows = find_secrets_by_digest(conn, digests)
    return [LeakedCredential(CLIENT_SECRET, row.digest, row.account_id, row.id, row.client_id) for row in rows]


def _revoke_secret(conn: Connection, actor: Actor, found: LeakedCredential, url: str) -> Revocation | None:
    revoked = revoke_leaked_secret(conn, actor, found.account_id, found.target, found.id, url)
    return None if revoked is None else Revocation(revoked.was_live, revoked.successors)


def _find_scim_tokens(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    rows = find_tokens_by_digest(conn, digests)
    return [LeakedCredential(SCIM_TOKEN, row.digest, row.account_id, row.id, row.id) for row in rows]


def _end_scim_token(conn: Connection, actor: Actor, found: LeakedCredential, _: str) -> Revocation | None:
    return _if_ended(end_token(conn, actor, found.account_id, found.id))


def _find_grants(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    rows = find_grants_by_digest(conn, digests)
    return [LeakedCredential(PASSPORT_ACCESS, row.token_digest, row.account_id, row.id, row.id) for row in rows]


def _end_grant(conn: Connection, actor: Actor, found: LeakedCredential, _: str) -> Revocation | None:
    # One that has ended opens nothing.
    is_open = find_open_grant(conn, found.digest, now_ms()) is not None
    return _if_ended(is_open and end_grant(conn, actor, found.account_id, found.id))


def _find_invitations(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    people, companies = find_invitations_by_digest(conn, digests), find_by_tokens(conn, digests)
    return [
        *(LeakedCredential(INVITATION, row.digest, row.account_id, row.id, row.id) for row in people),
        *(LeakedCredential(INVITATION, row.token_digest, row.account_id, row.id, row.id) for row in companies),
    ]


def _end_invitation(conn: Connection, actor: Actor, found: LeakedCredential, _: str) -> Revocation | None:
    """Of a person or of a company."""
    return _if_ended(
        end_invitation(conn, actor, found.account_id, found.id)
        or withdraw_leaked_invitation(conn, actor, found.account_id, found.id, found.digest)
    )


def _find_resets(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    rows = find_resets_by_digest(conn, digests)
    return [LeakedCredential(PASSWORD_RESET, row.digest, row.account_id, row.id, row.user_id) for row in rows]


def _end_reset(conn: Connection, _: Actor, found: LeakedCredential, __: str) -> Revocation | None:
    return _if_ended(end_link(conn, found.account_id, found.id))


def _find_email_changes(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    return [
        LeakedCredential(EMAIL_CHANGE, digest, row.account_id, row.id, row.user_id)
        for row in find_email_changes_by_digest(conn, digests)
        for digest in (row.old_digest, row.new_digest)
        if digest in digests
    ]


def _end_email_change(conn: Connection, actor: Actor, found: LeakedCredential, _: str) -> Revocation | None:
    return _if_ended(end_leaked_change(conn, actor, found.account_id, found.target, found.id))


def _find_sign_ups(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    return [LeakedCredential(SIGN_UP, found, "", "", "") for found in find_sign_ups_by_digest(conn, digests)]


def _end_sign_up(conn: Connection, _: Actor, found: LeakedCredential, __: str) -> Revocation | None:
    return _if_ended(end_sign_up(conn, found.digest))


def _find_challenges(conn: Connection, digests: Digests) -> Iterable[LeakedCredential]:
    rows = find_mfa_challenges_by_digest(conn, digests)
    return [LeakedCredential(MFA_TOKEN, row.digest, row.account_id, row.user_id, row.user_id) for row in rows]


def _end_challenge(conn: Connection, _: Actor, found: LeakedCredential, __: str) -> Revocation | None:
    return _if_ended(end_mfa_challenge(conn, found.account_id, found.digest))


_TYPES = {
    CLIENT_SECRET: _CredentialType(_find_secrets, _revoke_secret),
    SCIM_TOKEN: _CredentialType(_find_scim_tokens, _end_scim_token),
    PASSPORT_ACCESS: _CredentialType(_find_grants, _end_grant),
    INVITATION: _CredentialType(_find_invitations, _end_invitation),
    PASSWORD_RESET: _CredentialType(_find_resets, _end_reset),
    EMAIL_CHANGE: _CredentialType(_find_email_changes, _end_email_change),
    SIGN_UP: _CredentialType(_find_sign_ups, _end_sign_up),
    MFA_TOKEN: _CredentialType(_find_challenges, _end_challenge),
}
