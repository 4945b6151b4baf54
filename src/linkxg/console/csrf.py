"""Protection of forms against cross-site request forgery.

Both must hold: the form comes from our own origin (Sec-Fetch-Site, or else Origin or Referer), and it carries the HMAC
of this session, or of an earlier session of the same person.
"""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from linkxg.crypto.secrets import derive
from linkxg.errors import AccessDenied
from linkxg.http.request_context import RequestContext

FIELD = "csrf"
WRONG_TOKEN = "form token"  # noqa: S105  a reason in the log
_OWN = (b"same-origin", b"none")


def form_token(server_key: bytes, bound_to: str) -> str:
    """The hidden field of every form of the session (or sign-in cookie) `bound_to`."""
    return derive(server_key, "console form", bound_to).hex()


def require_own_form(
    context: RequestContext, own_origin: str, server_key: bytes, bound_to: Iterable[str], token: str
) -> None:
    """Raises AccessDenied for a cross-site form, or one bound to none of the sessions and cookies in `bound_to`."""
    if not _from_own_origin(context, own_origin):
        raise AccessDenied("This form came from another site.", reason="cross-site form")
    expected = [form_token(server_key, one).encode() for one in bound_to if one]
    if not any(hmac.compare_digest(token.encode(), one) for one in expected):
        raise AccessDenied("This form is out of date.", reason=WRONG_TOKEN)


def _from_own_origin(context: RequestContext, own_origin: str) -> bool:
    site = context.header(b"sec-fetch-site")
    if site is not None:
        return site in _OWN
    sender = context.header(b"origin") or context.header(b"referer")
    if sender is None:
        return False
    parts = urlsplit(sender.decode("latin-1"))
    own = urlsplit(own_origin)
    return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
