"""Registers a passkey of a person who is signed in (WebAuthn Level 3 §7.1).

Routes let only a recent authentication in (`step_up.py`).
"""

import secrets
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, InvalidToken, PublicError, ValidationFailed
from linkxg.identity.accounts.authentication_policy import MFA
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import FACTOR_ADDED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user
from linkxg.identity.authorization.write_as import revoke_as, write_as
from linkxg.identity.factors.change_factors import finish_factor_setup
from linkxg.identity.factors.kinds import update_second_factor_flag
from linkxg.identity.factors.model import PASSKEY
from linkxg.identity.factors.recovery_codes import new_recovery_codes
from linkxg.identity.passkeys import challenges
from linkxg.identity.passkeys.change_passkeys import add_passkey
from linkxg.identity.passkeys.client_data import CeremonyFailed, ClientData, read_client_data
from linkxg.identity.passkeys.model import (
    MAX_PASSKEYS,
    PRESENCE,
    TRANSPORTS,
    AttestationCredential,
    Ceremony,
    Passkey,
    PasskeyOptions,
    key_method,
)
from linkxg.identity.passkeys.name_passkey import check_name
from linkxg.identity.passkeys.options import registration_options
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.store import count_passkeys, list_passkeys
from linkxg.identity.passkeys.verify_credential import VerifiedAttestation, verify_attestation
from linkxg.ids import uuid7

_HANDLE_BYTES = 32
_FULL = f"A person can have at most {MAX_PASSKEYS} passkeys. Remove one that is not used any more."
NOT_VERIFIED = "The passkey could not be verified. Begin again."


class AddedPasskey(NamedTuple):
    """A new passkey, and recovery codes if its person had none."""

    passkey: Passkey
    recovery_codes: list[str] | None


async def begin_registration(
    database: Database, party: RelyingParty, actor: Actor, account_id: str, user_id: str
) -> PasskeyOptions:
    """Raises Conflict if the person has as many passkeys as they can have, or InvalidToken."""
    challenge, new_handle = new_registration()

    def unit(conn: Connection) -> dict[str, Any] | PublicError:
        user = find_user(conn, account_id, user_id)
        if user is None:
            return InvalidToken(reason="person removed")
        existing = list_passkeys(conn, account_id, user_id)
        if len(existing) >= MAX_PASSKEYS:
            return Conflict(_FULL)
        handle = existing[0].user_handle if existing else new_handle
        challenges.keep_for_person(conn, challenge, "register", user_id, handle, begun_in=actor.session_id or "")
        return registration_options(party, challenge, handle, user.email, existing)

    outcome = value_or_raise(await write_as(database, actor, unit))
    return PasskeyOptions(outcome)


async def register_passkey(
    database: Database,
    party: RelyingParty,
    notices: SecurityNotices,
    actor: Actor,
    account_id: str,
    user_id: str,
    *,
    credential: AttestationCredential,
    name: str | None,
) -> AddedPasskey:
    """Raises ValidationFailed, or Conflict for a passkey too many or one that is registered already."""
    checked_name = None if name is None else check_name(name)
    try:
        client_data, verified = verify_new(party, credential)
    except CeremonyFailed as error:
        raise _not_verified(str(error)) from error

    codes = new_recovery_codes()

    def unit(conn: Connection) -> AddedPasskey | PublicError:
        begun_in = actor.session_id or ""
        passkey = add_verified(
            conn, account_id, user_id, "register", begun_in, client_data, verified, credential, checked_name
        )
        return passkey if isinstance(passkey, PublicError) else _finish_setup(conn, actor, passkey, codes)

    outcome = value_or_raise(await revoke_as(database, actor, account_id, unit))
    mail_passkey_added(notices, actor, outcome.passkey)
    return outcome


def new_registration() -> tuple[bytes, bytes]:
    """A challenge, and the handle of a person who has no passkey yet."""
    return challenges.new_passkey_challenge(), secrets.token_bytes(_HANDLE_BYTES)


def verify_new(party: RelyingParty, credential: AttestationCredential) -> tuple[ClientData, VerifiedAttestation]:
    """Raises CeremonyFailed. Whose challenge was answered is for the transaction that uses the result."""
    client_data = read_client_data(credential.response.client_data_json)
    return client_data, verify_attestation(party, client_data, credential)


def mail_passkey_added(notices: SecurityNotices, actor: Actor, passkey: Passkey) -> None:
    what = f"The passkey “{shown(passkey.name)}” was added to your sign-in. Whoever holds it can sign in as you."
    notices.person(actor, passkey.account_id, passkey.user_id, "Passkey added", what, kind=FACTOR_ADDED)


def add_verified(
    conn: Connection,
    account_id: str,
    user_id: str,
    ceremony: Ceremony,
    begun_in: str,
    client_data: ClientData,
    verified: VerifiedAttestation,
    credential: AttestationCredential,
    name: str | None,
) -> Passkey | PublicError:
    """Use the challenge up and store the passkey. Under the person's lock, so that none exceeds the bound."""
    taken = challenges.take_registration(conn, client_data, ceremony, user_id, begun_in)
    if taken is None or taken.user_handle is None:
        return _not_verified("challenge unknown, used, expired or begun elsewhere")
    count = count_passkeys(conn, account_id, user_id)
    if count >= MAX_PASSKEYS:
        return Conflict(_FULL)
    passkey = Passkey(
        id=uuid7(),
        account_id=account_id,
        user_id=user_id,
        credential_id=verified.credential_id,
        user_handle=taken.user_handle,
        public_key=verified.public_key,
        sign_count=verified.sign_count,
        backup_eligible=verified.backup_eligible,
        backed_up=verified.backed_up,
        transports=" ".join(sorted(TRANSPORTS.intersection(credential.response.transports))),
        aaguid=verified.aaguid,
        name=name or f"Passkey {count + 1}",
        created_at=now_ms(),
        last_used_at=None,
    )
    if not add_passkey(conn, account_id, passkey):
        return Conflict("This passkey is registered already.")
    update_second_factor_flag(conn, account_id, user_id)
    return passkey


def _finish_setup(conn: Connection, actor: Actor, passkey: Passkey, codes: list[str]) -> AddedPasskey:
    # Besides what authenticated the session, the key was used in the presence of the person: two factors. The
    # authenticator need not have verified the person, and `user` does not say so.
    amr = (key_method(passkey.backup_eligible), PRESENCE, MFA)
    fresh = finish_factor_setup(
        conn, actor, passkey.account_id, passkey.user_id, amr=amr, details=audit_details(passkey), codes=codes
    )
    return AddedPasskey(passkey, fresh)


def audit_details(passkey: Passkey) -> dict[str, Any]:
    """Those of `factor.added`."""
    return {"factor": passkey.id, "method": PASSKEY, "aaguid": passkey.aaguid}


def _not_verified(reason: str) -> ValidationFailed:
    details = [{"field": "credential", "code": "invalid", "message": NOT_VERIFIED}]
    return ValidationFailed(NOT_VERIFIED, reason=reason, details=details)
