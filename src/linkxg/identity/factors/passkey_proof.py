"""A passkey as the second factor, after a password: at sign-in, or in a step-up."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import InvalidToken
from linkxg.identity.accounts.authentication_policy import MFA
from linkxg.identity.factors.challenges import (
    MFA_TOKEN_INVALID,
    Completed,
    Proof,
    begin_attempt,
    complete_attempt,
    find_mfa_challenge,
)
from linkxg.identity.factors.model import Amr, MfaChallenge, Purpose
from linkxg.identity.passkeys import challenges
from linkxg.identity.passkeys.model import AssertionCredential, PasskeyOptions
from linkxg.identity.passkeys.options import second_factor_options
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.store import list_passkeys
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED, RefusedPasskey, UsedPasskey, use_passkey


async def begin_passkey_step(database: Database, party: RelyingParty, token: str) -> PasskeyOptions:
    """Options for one of the passkeys of the person whose `mfaToken` it is. Raises InvalidToken."""
    challenge = challenges.new_passkey_challenge()

    def unit(conn: Connection) -> PasskeyOptions | None:
        first_step = find_mfa_challenge(conn, token, "sign_in") or find_mfa_challenge(conn, token, "step_up")
        if first_step is None:
            return None
        existing = list_passkeys(conn, first_step.account_id, first_step.user_id)
        if not existing:
            return None
        challenges.keep_for_person(conn, challenge, "factor", first_step.user_id)
        return PasskeyOptions(second_factor_options(party, challenge, existing))

    options = await database.write(unit)
    if options is None:
        raise InvalidToken(MFA_TOKEN_INVALID, reason="no such challenge, or no passkey")
    return options


async def complete_with_passkey(
    database: Database,
    party: RelyingParty,
    actor: Actor,
    *,
    token: str,
    purpose: Purpose,
    credential: AssertionCredential,
    limit_scale: float,
    session_id: str | None = None,
) -> Completed:
    """Complete a challenge by a passkey. Raises as `complete_with_code` does."""
    attempt = await begin_attempt(database, actor, token, purpose, session_id=session_id, limit_scale=limit_scale)
    used = await use_passkey(database, party, credential, "factor")
    proof = passkey_proof(actor, used)
    return await complete_attempt(database, actor, attempt, proof, limit_scale=limit_scale, refusal=PASSKEY_REFUSED)


def passkey_proof(actor: Actor, used: UsedPasskey | RefusedPasskey) -> Proof:
    """The proof by a passkey that was verified. After a password, its presence is a second factor."""

    def prove(conn: Connection, challenge: MfaChallenge) -> Amr | None:
        if isinstance(used, RefusedPasskey) or used.passkey.user_id != challenge.user_id:
            return None
        if not used.record(conn, actor):
            return None
        return tuple(dict.fromkeys((*used.amr, MFA)))

    return prove
