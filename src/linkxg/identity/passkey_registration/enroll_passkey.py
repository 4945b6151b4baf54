"""A passkey as the first factor, set up during a sign-in whose account requires one (see `factors/enroll.py`).

The challenge of the password opens nothing but this set-up. The passkey's own challenge is of a ceremony of its own, so
that neither a session nor another person can answer it.
"""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.errors import InvalidToken, PublicError
from linkxg.identity.accounts.authentication_policy import MFA
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.factors.challenges import MFA_TOKEN_INVALID, Completed, begin_attempt, complete_attempt
from linkxg.identity.factors.enroll import find_enrollment, finish_enrollment, sign_in_id
from linkxg.identity.factors.kinds import has_factor
from linkxg.identity.factors.model import Amr, MfaChallenge
from linkxg.identity.factors.recovery_codes import new_recovery_codes
from linkxg.identity.passkey_registration.register_passkey import (
    NOT_VERIFIED,
    add_verified,
    audit_details,
    mail_passkey_added,
    new_registration,
    verify_new,
)
from linkxg.identity.passkeys import challenges
from linkxg.identity.passkeys.client_data import CeremonyFailed
from linkxg.identity.passkeys.model import (
    PRESENCE,
    AttestationCredential,
    Ceremony,
    Passkey,
    PasskeyOptions,
    key_method,
)
from linkxg.identity.passkeys.name_passkey import check_name
from linkxg.identity.passkeys.options import registration_options
from linkxg.identity.passkeys.relying_party import RelyingParty

CEREMONY: Ceremony = "enroll"


async def begin_passkey_enrollment(database: Database, party: RelyingParty, token: str) -> PasskeyOptions:
    """Options for the passkey of the person whose `mfaToken` it is. Raises InvalidToken."""
    challenge, handle = new_registration()

    def unit(conn: Connection) -> PasskeyOptions | None:
        enrolling = find_enrollment(conn, token)
        if enrolling is None:
            return None
        lock_caller(conn, enrolling.user_id)
        challenges.keep_for_person(conn, challenge, CEREMONY, enrolling.user_id, handle, begun_in=sign_in_id(enrolling))
        return PasskeyOptions(registration_options(party, challenge, handle, enrolling.email, ()))

    options = await database.write(unit)
    if options is None:
        raise InvalidToken(MFA_TOKEN_INVALID, reason="no such challenge")
    return options


async def confirm_passkey_enrollment(
    database: Database,
    party: RelyingParty,
    notices: SecurityNotices,
    actor: Actor,
    *,
    token: str,
    credential: AttestationCredential,
    name: str | None,
    limit_scale: float,
) -> tuple[Completed, list[str]]:
    """Register the passkey and complete the challenge; returns the recovery codes too.

    Raises ValidationFailed for the name, otherwise as `complete_with_code` does.
    """
    checked_name = None if name is None else check_name(name)
    codes = new_recovery_codes()
    registered: list[Passkey] = []
    attempt = await begin_attempt(database, actor, token, "enroll", limit_scale=limit_scale)
    try:
        verified = verify_new(party, credential)
    except CeremonyFailed:
        verified = None

    def prove(conn: Connection, challenge: MfaChallenge) -> Amr | None:
        account_id, user_id = challenge.account_id, challenge.user_id
        if verified is None or has_factor(conn, account_id, user_id):
            return None
        passkey = add_verified(
            conn, account_id, user_id, CEREMONY, sign_in_id(challenge), *verified, credential, checked_name
        )
        if isinstance(passkey, PublicError):
            return None
        finish_enrollment(conn, actor, challenge, details=audit_details(passkey), codes=codes)
        registered.append(passkey)
        return (key_method(passkey.backup_eligible), PRESENCE, MFA)

    completed = await complete_attempt(database, actor, attempt, prove, limit_scale=limit_scale, refusal=NOT_VERIFIED)
    mail_passkey_added(notices, actor, registered[-1])
    return completed, codes
