"""Uses a passkey to authenticate its person: alone, or after a password (WebAuthn Level 3 §7.2).

First the challenge is used up, then the signature is verified outside of any transaction, then the use is recorded in
the transaction that starts the session or completes the sign-in. An unknown passkey costs the same work.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import InvalidCredentials
from linkxg.identity.accounts.authentication_policy import MFA
from linkxg.identity.accounts.model import User
from linkxg.identity.passkeys import store
from linkxg.identity.passkeys.challenges import take_passkey_challenge
from linkxg.identity.passkeys.client_data import CeremonyFailed, ClientData, read_base64url, read_client_data
from linkxg.identity.passkeys.model import PRESENCE, AssertionCredential, Ceremony, Passkey, key_method
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.store import OwnedPasskey
from linkxg.identity.passkeys.verify_credential import VerifiedAssertion, read_credential_id, verify_assertion

PASSKEY_REFUSED = "The passkey could not be verified."
# A valid COSE key whose private part nobody has: the x and y of the generator of P-256.
_NOBODYS_KEY = bytes.fromhex(
    "a5010203262001"
    "2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


class UsedPasskey(NamedTuple):
    """A passkey whose signature was valid, and its person as they were then. The use is not recorded yet."""

    passkey: Passkey
    user: User
    assertion: VerifiedAssertion

    @property
    def amr(self) -> tuple[str, ...]:
        """By what the person has proven who they are (RFC 8176); `mfa` if the authenticator has verified them too."""
        method = key_method(self.passkey.backup_eligible)
        return (method, PRESENCE, MFA) if self.assertion.user_verified else (method, PRESENCE)

    def record(self, conn: Connection, actor: Actor) -> bool:
        """Inside the unit of work that relies on it: record the use. False if the passkey was removed, or is a copy.

        A counter that does not advance means that two devices have the key; the refusal is audited.
        """
        account_id, passkey = self.passkey.account_id, self.passkey
        if store.record_use(
            conn,
            account_id,
            passkey.id,
            sign_count=self.assertion.sign_count,
            backed_up=self.assertion.backed_up,
            now=now_ms(),
        ):
            return True
        stored = store.find_passkey(conn, account_id, passkey.user_id, passkey.id)
        if stored is not None:
            who = actor._replace(kind="user", id=passkey.user_id, account_id=account_id)
            counters = {"counter": self.assertion.sign_count, "last_counter": stored.sign_count}
            audit.record(conn, account_id, who, "passkey.refused", passkey.id, counters)
        return False


class RefusedPasskey(NamedTuple):
    """Why a passkey is refused, for the log; `owned` if it is known whose it is."""

    reason: str
    owned: OwnedPasskey | None = None


async def verify_alone(
    database: Database, party: RelyingParty, actor: Actor, credential: AssertionCredential, *, of: str | None = None
) -> UsedPasskey:
    """A passkey that authenticates its person alone; `of` is the only person whose passkey will do.

    Raises InvalidCredentials. The refused passkey of a known person is audited.
    """
    used = await use_passkey(database, party, credential, "sign-in")
    if isinstance(used, UsedPasskey):
        if of is None or used.user.id == of:
            return used
        used = RefusedPasskey("passkey of another person", OwnedPasskey(used.passkey, used.user))
    if used.owned is not None:
        await database.write(_audit_failure, used.owned.user, actor)
    raise InvalidCredentials(PASSKEY_REFUSED, reason=used.reason)


def _audit_failure(conn: Connection, user: User, actor: Actor) -> None:
    # The trail of one account does not name a person of another who holds the passkey.
    who = actor if actor.id == user.id else Actor("anonymous", None, None, actor.source, actor.request_id)
    audit.record(conn, user.account_id, who, "login.failed", user.id, {"method": "passkey"})


async def use_passkey(
    database: Database, party: RelyingParty, credential: AssertionCredential, ceremony: Ceremony
) -> UsedPasskey | RefusedPasskey:
    """Verify the answer to a challenge of this ceremony, which is used up in any case."""
    try:
        client_data = read_client_data(credential.response.client_data_json)
        credential_id = read_credential_id(credential)
    except CeremonyFailed as error:
        return RefusedPasskey(str(error))
    found = await database.write(_begin, client_data, credential_id, ceremony)
    try:
        return _verify(party, client_data, credential, ceremony, found)
    except CeremonyFailed as error:
        return RefusedPasskey(str(error), found.owned)


class _Begun(NamedTuple):
    is_fresh: bool
    """The challenge was valid until now."""
    for_user: str | None
    owned: OwnedPasskey | None


def _begin(conn: Connection, client_data: ClientData, credential_id: bytes, ceremony: Ceremony) -> _Begun:
    taken = take_passkey_challenge(conn, client_data, ceremony)
    for_user = taken.user_id if taken else None
    return _Begun(taken is not None, for_user, store.find_owned_passkey(conn, credential_id))


def _verify(
    party: RelyingParty, client_data: ClientData, credential: AssertionCredential, ceremony: Ceremony, found: _Begun
) -> UsedPasskey:
    public_key = found.owned.passkey.public_key if found.owned else _NOBODYS_KEY
    # Some 0.3 ms: a thread would cost as much as it saves.
    assertion = verify_assertion(party, client_data, credential, public_key, require_verification=ceremony == "sign-in")
    if not found.is_fresh:
        raise CeremonyFailed("challenge unknown, used or expired")
    if found.owned is None:
        raise CeremonyFailed("unknown passkey")
    passkey, user = found.owned
    if found.for_user is not None and found.for_user != user.id:
        raise CeremonyFailed("passkey of another person")
    _check_handle(credential, passkey, required=found.for_user is None)
    if assertion.backup_eligible != passkey.backup_eligible:
        raise CeremonyFailed("backup eligibility has changed")
    if user.disabled:
        raise CeremonyFailed("disabled")
    return UsedPasskey(passkey, user, assertion)


def _check_handle(credential: AssertionCredential, passkey: Passkey, *, required: bool) -> None:
    handle = credential.response.user_handle
    if handle is None and not required:
        return
    if handle is None or read_base64url(handle) != passkey.user_handle:
        raise CeremonyFailed("user handle of another person")
