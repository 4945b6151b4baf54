"""Signs a person in with a passkey alone: something they have, which has verified them.

Every refusal has one text, and no options reveal whose passkeys there are.
"""

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import InvalidCredentials
from linkxg.identity.passkeys import challenges
from linkxg.identity.passkeys.model import AssertionCredential, PasskeyOptions
from linkxg.identity.passkeys.options import sign_in_options
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.use_passkey import PASSKEY_REFUSED, verify_alone
from linkxg.identity.sessions.login import Authentication, NewSession, start_session
from linkxg.identity.sessions.model import SessionIdentity


async def begin_passkey_sign_in(database: Database, party: RelyingParty, source: str) -> PasskeyOptions:
    """Options for whoever has a passkey here: the same for everybody."""
    challenge = challenges.new_passkey_challenge()
    await database.write(challenges.keep_for_stranger, challenge, source)
    return PasskeyOptions(sign_in_options(party, challenge))


async def sign_in_with_passkey(
    database: Database, party: RelyingParty, actor: Actor, new: NewSession, credential: AssertionCredential
) -> SessionIdentity:
    """Start `new`, a session with the methods of the passkey. Raises InvalidCredentials."""
    used = await verify_alone(database, party, actor, credential)
    try:
        authentication = Authentication(used.user, record_use=used.record)
        return await start_session(database, actor, authentication, new._replace(amr=used.amr))
    except InvalidCredentials as error:
        raise InvalidCredentials(PASSKEY_REFUSED, reason=error.reason) from error
