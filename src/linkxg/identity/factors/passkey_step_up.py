"""Step-up by a passkey alone, which has verified the person: as strong as a password with a second factor."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InvalidCredentials, PublicError
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.factors.step_up import record_step_up
from linkxg.identity.passkeys.model import AssertionCredential
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED, verify_alone
from linkxg.identity.sessions.model import SessionIdentity
from linkxg.identity.tokens.model import Principal


async def step_up_with_passkey(
    database: Database, party: RelyingParty, actor: Actor, principal: Principal, credential: AssertionCredential
) -> SessionIdentity:
    """The credential answers options of `POST /auth/passkey/options`. Raises InvalidCredentials."""
    used = await verify_alone(database, party, actor, credential, of=principal.id)

    def unit(conn: Connection) -> SessionIdentity | PublicError:
        if not used.record(conn, actor):
            return InvalidCredentials(PASSKEY_REFUSED, reason="used meanwhile, or removed")
        return record_step_up(conn, actor, principal, used.amr)

    outcome = await revoke_as(database, actor, principal.account_id, unit)
    if isinstance(outcome, InvalidCredentials):
        raise InvalidCredentials(PASSKEY_REFUSED, reason=outcome.reason)
    return value_or_raise(outcome)
