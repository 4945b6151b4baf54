"""Step-up of a console session: the person is authenticated again, with their second factor if they have one."""

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.factors.challenges import Completed
from linkxg.identity.factors.model import RECOVERY_CODE, TOTP
from linkxg.identity.factors.sign_in import begin_second_step, complete_with_code
from linkxg.identity.passkeys.model import AssertionCredential
from linkxg.identity.passkeys.relying_party import RelyingParty
from linkxg.identity.passkeys.use_passkey import verify_alone
from linkxg.identity.sessions.console_session import renew_console_session
from linkxg.identity.sessions.login import Authentication
from linkxg.identity.sessions.model import ConsoleSession


async def confirm_code(
    database: Database,
    server_key: bytes,
    notices: SecurityNotices,
    actor: Actor,
    session_id: str,
    authentication: Authentication,
    *,
    code: str,
    limit_scale: float,
) -> Completed:
    """The second step, after the password was correct. Raises as `complete_with_code` does."""
    needed = await begin_second_step(database, authentication, "step_up", session_id=session_id)
    return await complete_with_code(
        database, server_key, notices, actor, token=needed.mfa_token, purpose="step_up", method=method_of(code),
        code=code, limit_scale=limit_scale, session_id=session_id,
    )  # fmt: skip


async def confirm_passkey(
    database: Database, party: RelyingParty, actor: Actor, session: ConsoleSession, credential: AssertionCredential
) -> str:
    """Renew the session by a passkey alone, which has verified the person; returns the new cookie.

    The credential answers options of `POST /auth/passkey/options`. Raises InvalidCredentials, or InvalidToken if the
    session has ended.
    """
    used = await verify_alone(database, party, actor, credential, of=session.user_id)
    authentication = Authentication(used.user, record_use=used.record)
    return await renew_console_session(database, actor, session, authentication, used.amr)


def method_of(code: str) -> str:
    """The method of a code as typed: an app shows digits alone, and no recovery code is that short."""
    digits = "".join(code.split())
    return TOTP if digits.isdigit() and len(digits) < 10 else RECOVERY_CODE
