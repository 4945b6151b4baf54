"""Forms that were posted after their session had ended, carried through sign-in.

The input travels as one hidden field of the sign-in page, signed and bound to the person whose session it was: OWASP
ASVS 5.0, 7.3.1 requires the timeout, WCAG 2.2, 2.2.5 that it loses no input. A form with a password or a secret is
never carried. Each carried form is posted once.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence, Set
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response

from linkxg.clock import DAY, now_ms
from linkxg.console.confirmation_fields import ASKED_AGAIN
from linkxg.console.cookies import SESSION, cookie_header
from linkxg.console.csrf import FIELD, form_token
from linkxg.console.page_forms import SECRET_FIELDS
from linkxg.crypto.secrets import derive
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, run_once
from linkxg.db.idempotency import Request as OneRequest
from linkxg.http.forms import FORM_TYPE
from linkxg.http.request_context import RequestContext, context_of, receive_disconnect
from linkxg.identity.sessions.console_session import OpenedSession

CARRIED = "carried"
MAX_CARRIED = 192 * 1024
"""Characters of the hidden field: with it, the sign-in form stays below the limit of every form."""
KEPT_MS = DAY // 2
_NOT_TYPED = ASKED_AGAIN | {
    "act", "again", "approve", "archives", "draft", "factor", "gln", "key", "mode", "next", "opened", "remove",
    "revision", "secret_left_out", "verify",
}  # fmt: skip
"""Also the hidden fields of buttons."""
_SCOPE_KEYS = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path")
_BODY_HEADERS = (b"cookie", b"content-type", b"content-length", b"content-encoding", b"transfer-encoding", b"expect")


class CarriedForm(NamedTuple):
    """The path that the form was posted to, and its fields."""

    path: str
    user_id: str
    at: int
    nonce: str
    pairs: list[tuple[str, str]]


def seal(
    server_key: bytes,
    user_id: str,
    path: str,
    pairs: Sequence[tuple[str, str]],
    *,
    asked_again: Set[str] = ASKED_AGAIN,
) -> str:
    """The value of the hidden field; empty for a form that cannot be carried. `asked_again` are fields left out."""
    if any(name in SECRET_FIELDS and value for name, value in pairs):
        return ""
    kept = [pair for pair in pairs if pair[0] not in asked_again | SECRET_FIELDS]
    form = urlsafe_b64encode(
        msgspec.json.encode(CarriedForm(path, user_id, now_ms(), secrets.token_hex(16), kept))
    ).decode()
    sealed = f"{_mac(server_key, form)}.{form}"
    return sealed if len(sealed) <= MAX_CARRIED else ""


def holds_input(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether the form holds input. A mere button, such as *Delete client*, has to be pressed again."""
    return any(name not in _NOT_TYPED for name, _ in pairs)


def unseal(server_key: bytes, sealed: str) -> CarriedForm | None:
    """The form, if this service sealed it within the last twelve hours."""
    mac, _, form = sealed.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(server_key, form).encode()):
        return None
    found = msgspec.json.decode(urlsafe_b64decode(form), type=CarriedForm)
    return found if now_ms() - found.at < KEPT_MS else None


async def use_once(database: Database, account_id: str, form: CarriedForm) -> bool:
    """False if the form was already posted: the sign-in page that holds it may be submitted twice."""
    used = OneRequest(account_id, "console: carried form", form.nonce, form.user_id)
    outcome = await database.write(run_once, used, lambda conn: None, lambda conn, recorded: None)
    return isinstance(outcome, IdempotentOutcome) and not outcome.replayed


async def replay(
    request: Request[Any, Any, Any], server_key: bytes, opened: OpenedSession, form: CarriedForm, *, secure: bool
) -> Response[bytes]:
    """Post the form in the new session, through the console's guard like every other form."""
    context = context_of(request.scope)
    token = form_token(server_key, opened.session.session_id)
    body = urlencode([*form.pairs, (FIELD, token)]).encode()
    headers = [pair for pair in context.headers if pair[0] not in _BODY_HEADERS]
    headers += [(b"cookie", cookie_header(SESSION, opened.cookie, secure=secure)), (b"content-type", FORM_TYPE)]
    posted = RequestContext("POST", context.request_id, context.source, headers, receive_disconnect, whole=body)
    scope = {key: request.scope[key] for key in _SCOPE_KEYS if key in request.scope}  # type: ignore[literal-required]
    scope |= {"method": "POST", "path": form.path, "raw_path": form.path.encode(), "query_string": b""}
    scope |= {"headers": headers, "linkxg": posted}
    status, answered, content = 500, {}, bytearray()

    async def send(message: Any) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status, answered = message["status"], {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            content.extend(message.get("body", b""))

    await request.app(scope, receive_disconnect, send)  # type: ignore[arg-type]
    context.notes |= posted.notes
    for dropped in ("content-length", "set-cookie"):
        answered.pop(dropped, None)
    media_type = answered.pop("content-type", "text/html")
    return Response(bytes(content), status_code=status, headers=answered, media_type=media_type)


def _mac(server_key: bytes, form: str) -> str:
    return derive(server_key, "carried form", form).hex()
