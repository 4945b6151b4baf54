"""Step-up of a console session: the person is authenticated again, with their second factor if they have one."""

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import MfaRequired
from linkxg.identity.factors.challenges import Completed
from linkxg.identity.factors.model import RECOVERY_CODE, TOTP
from linkxg.identity.factors.sign_in import challenge, complete_challenge
from linkxg.identity.sessions.login import Authentication


async def confirm_code(
    database: Database,
    server_key: bytes,
    actor: Actor,
    session_id: str,
    authentication: Authentication,
    *,
    code: str,
    limit_scale: float,
) -> Completed:
    """The second step, after the password was correct. Raises as `complete_challenge` does."""
    needed = await challenge(database, authentication, "step_up", session_id=session_id)
    if not isinstance(needed, MfaRequired):
        raise needed
    return await complete_challenge(
        database, server_key, actor, token=needed.mfa_token, purpose="step_up", method=method_of(code), code=code,
        limit_scale=limit_scale, session_id=session_id,
    )  # fmt: skip


def method_of(code: str) -> str:
    """The method of a code as typed: an app shows digits alone, and no recovery code is that short."""
    digits = "".join(code.split())
    return TOTP if digits.isdigit() and len(digits) < 10 else RECOVERY_CODE
