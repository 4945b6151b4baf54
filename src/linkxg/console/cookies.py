"""The cookies of the console and their attributes (RFC 6265bis §4.1.3.2).

The prefix `__Host-` binds a cookie to this host and to TLS. A service on a loopback address without TLS cannot use it.
"""

from litestar.datastructures import Cookie

from linkxg.http.request_context import RequestContext

SESSION = "linkxg"
BEFORE_SESSION = "linkxg-entry"
"""Binds the sign-in form to the browser that requested it (login CSRF)."""
EXPLAINED_SESSION = "linkxg-told"
"""The id of the ended session whose end the sign-in page has explained: it does so once."""


def read_cookie(context: RequestContext, name: str, *, secure: bool) -> str:
    """The cookie's value; empty when absent."""
    full_name = _full_name(name, secure)
    for field, value in context.headers:
        if field == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, text = part.strip().partition("=")
                if key == full_name:
                    return text
    return ""


def set_cookie(name: str, value: str, *, secure: bool) -> Cookie:
    """A session cookie of the browser; the server ends the session earlier."""
    return Cookie(_full_name(name, secure), "/", value, secure=secure, httponly=True, samesite="lax")


def cookie_header(name: str, value: str, *, secure: bool) -> bytes:
    """The Cookie header field of a request that carries it."""
    return f"{_full_name(name, secure)}={value}".encode()


def _full_name(name: str, secure: bool) -> str:
    return f"__Host-{name}" if secure else name
