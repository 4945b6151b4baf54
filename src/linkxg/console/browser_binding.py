"""Binds the forms of public pages to a browser, by one random cookie for all its windows."""

import re
import secrets

from linkxg.console.cookies import BEFORE_SESSION, set_cookie
from linkxg.console.csrf import form_token
from linkxg.console.guard import PageRequest

_COOKIE = re.compile(r"[0-9a-f]{32}")


def bind_form(page: PageRequest) -> None:
    """Bind the form of a public page to this browser."""
    if page.session is None:
        page.csrf = form_token(page.services.server_key, bound_browser(page))


def bound_browser(page: PageRequest) -> str:
    """The random cookie of this browser, which it gets if it has none."""
    entry = page.cookie(BEFORE_SESSION)
    if not _COOKIE.fullmatch(entry):
        entry = secrets.token_hex(16)
        page.cookies.append(set_cookie(BEFORE_SESSION, entry, secure=page.services.secure))
    return entry
