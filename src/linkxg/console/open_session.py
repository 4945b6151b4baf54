"""Starts the session of a browser, in place of its previous one, and ends it."""

from linkxg.console.cookies import SESSION, set_cookie
from linkxg.console.guard import PageRequest
from linkxg.console.passkey_field import read_assertion
from linkxg.errors import InvalidCredentials, InvalidToken
from linkxg.identity.factors.sign_in import sign_in as start_sign_in
from linkxg.identity.passkeys.sign_in import sign_in_with_passkey as start_with_passkey
from linkxg.identity.sessions.console_session import OpenedSession, new_console_session
from linkxg.identity.sessions.end_sessions import logout
from linkxg.identity.sessions.password_size import is_too_long
from linkxg.identity.sessions.sign_in_notices import mail_new_place


async def sign_in_with_password(page: PageRequest, email: str, password: str) -> OpenedSession:
    """Start a session, and end the browser's previous one. Raises as `sign_in` of the API does."""
    if is_too_long(password):
        raise InvalidCredentials(reason="password too long")
    new, cookie = new_console_session(page.context.user_agent)
    session = await start_sign_in(
        page.database,
        page.services.passwords,
        page.anonymous_actor,
        new,
        email=email,
        password=password,
        limit_scale=page.services.limit_scale,
    )
    opened = OpenedSession(session, cookie)
    await replace_browser_session(page, opened)
    return opened


async def sign_in_with_passkey(page: PageRequest, written: str) -> OpenedSession:
    """As `sign_in_with_password`, by a passkey alone. Raises InvalidCredentials."""
    new, cookie = new_console_session(page.context.user_agent)
    party, credential = page.services.relying_party, read_assertion(written)
    session = await start_with_passkey(page.database, party, page.anonymous_actor, new, credential)
    opened = OpenedSession(session, cookie)
    await replace_browser_session(page, opened)
    return opened


async def replace_browser_session(page: PageRequest, opened: OpenedSession) -> None:
    """Give the browser the new session, and end its previous one."""
    mail_new_place(page.services.notices, page.anonymous_actor, opened.session, page.context.user_agent)
    if page.session is not None:
        await end_session(page)
    # The cookie of the sign-in form stays: a second window may still show that form.
    page.cookies = [set_cookie(SESSION, opened.cookie, secure=page.services.secure)]
    page.context.notes |= {"sub": opened.session.user_id, "sid": opened.session.session_id}


async def end_session(page: PageRequest) -> None:
    """End the session.

    The cookie stays, without effect: it names the ended session, so that a form that is still open in another window
    can be carried through sign-in.
    """
    try:
        await logout(page.database, page.actor, page.account_id, page.person.id)
    except InvalidToken:
        # It has already ended.
        page.context.notes["reason"] = "session had ended"
    page.session = None
