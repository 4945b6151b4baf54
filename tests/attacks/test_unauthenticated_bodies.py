"""An unauthenticated body is bounded before it is read, by size and by the budget of its source. Security rule L8."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from architecture.program import Route, routes
from attacks.conftest import new_source
from harness.client import FORM_TYPE, forwarded
from harness.raw_http import request_bytes, send_bytes, send_raw
from harness.server import Server
from linkxg.errors import InvalidRequest
from linkxg.http.body_style import BodyStyle
from linkxg.http.forms import form_decode

STRANGER_LIMIT = 4 * 1024
BODYLESS = {
    "/api/v1/auth/passkey/options",
    "/api/v1/email-changes/{token}/confirm",
    "/api/v1/email-changes/{token}/decline",
    "/dpp/access/{token}",
    # Without a secret scanner that the operator trusts.
    "/api/v1/secret-scanning/reports",
}
LOGOUT_LIMIT = 40 * 1024
FORM_LIMIT = 16 * 1024
"""Of the OAuth endpoints, where a scope of 2,048 characters may be percent-encoded."""


def _is_console(route: Route) -> bool:
    return route.handler is not None and route.style is BodyStyle.PAGE


def _is_form(route: Route) -> bool:
    return "/oauth/" in route.path or route.path.endswith("/backchannel-logout") or _is_console(route)


def _limit(route: Route) -> int:
    if route.path.endswith("/backchannel-logout"):
        return LOGOUT_LIMIT
    return FORM_LIMIT if "/oauth/" in route.path else STRANGER_LIMIT


TAKES_A_BODY = [route for route in routes() if route.method in ("POST", "PUT", "PATCH")]
PUBLIC = [route for route in TAKES_A_BODY if route.handler is None or route.handler.opt.get("public")]
GUARDED = [route for route in TAKES_A_BODY if route not in PUBLIC]


def _names(found: list[Route]) -> list[str]:
    return [f"{route.method} {route.path}" for route in found]


def send(
    server: Server, route: Route, source: str, *, body: bytes = b"", announced: int | None = None, chunked: bool = False
) -> tuple[int, dict[str, str]]:
    """A request whose body is `body`, or of `announced` bytes of which none is sent."""
    path = re.sub(r"{(version|older|newer)[^}]*}", "1", route.path)
    path = re.sub(r"{[^}]*}", "01a20900-46b1-7977-8501-b67e3b66cab2", path)
    headers = [*forwarded(source), ("Content-Type", FORM_TYPE if _is_form(route) else "application/json")]
    if _is_console(route):
        headers.append(("Accept", "text/html"))
    if chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:1000], body[1000:])) + b"0\r\n\r\n"
    else:
        headers.append(("Content-Length", str(len(body) if announced is None else announced)))
    with server.client() as client:
        request = request_bytes(client, route.method, path, headers, body, content_length=False)
        if not _is_console(route):
            answer = send_raw(client, request)
            assert answer is not None, f"{route} closed the connection without an answer"
            return answer.status, dict(answer.fields)
        head = send_bytes(client, request).partition(b"\r\n\r\n")[0].decode()
    first, *fields = head.split("\r\n")
    return int(first.split(" ")[1]), {
        name.lower(): value for name, _, value in (line.partition(": ") for line in fields)
    }


def test_public_and_guarded_routes_are_both_found() -> None:
    assert len(PUBLIC) >= 8
    assert len(GUARDED) > 40


@pytest.mark.parametrize("route", PUBLIC, ids=_names(PUBLIC))
def test_an_unauthenticated_body_is_bounded(one_call_server: Server, route: Route) -> None:
    if route.path in BODYLESS:
        # It is answered at once, without the body.
        assert send(one_call_server, route, new_source(), announced=250_000)[0] in (200, 404)
        return
    limit = _limit(route)
    # None of it was sent: the answer waits for nothing.
    assert send(one_call_server, route, new_source(), announced=limit + 1)[0] == 413
    assert send(one_call_server, route, new_source(), body=b"a" * (limit + 1), chunked=True)[0] == 413
    # What is within the limit is read, and refused for what it is.
    assert send(one_call_server, route, new_source(), body=b"a" * limit)[0] in (303, 400, 401, 403, 404, 422)


@pytest.mark.parametrize("route", PUBLIC, ids=_names(PUBLIC))
def test_the_budget_is_spent_before_a_body_is_read(one_call_server: Server, route: Route) -> None:
    source = new_source()
    assert send(one_call_server, route, source, body=b"a")[0] != 429
    for announced in (10, _limit(route), 250_000):
        status, fields = send(one_call_server, route, source, announced=announced)
        assert status == 429, "the body was waited for, or looked at"
        assert int(fields["retry-after"]) >= 1


@pytest.mark.parametrize("route", GUARDED, ids=_names(GUARDED))
def test_an_unauthorised_body_is_not_read(one_call_server: Server, route: Route) -> None:
    status, fields = send(one_call_server, route, new_source(), announced=250_000)
    assert status == (303 if _is_console(route) else 401)
    if _is_console(route):
        assert fields["location"].startswith("/sign-in")


@given(st.lists(st.sampled_from([b"%41", b"%c3%A9", b"%3d", b"%0D", b"=", b"\r\n", b"\n", b" ", b"_", b"\xff", b"a"])))
def test_percent_escapes_are_decoded_as_by_the_standard_library(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    try:
        text = unquote_to_bytes(raw).decode()
        assert not re.search(r"[\x00-\x1f\x7f]", text)
    except (UnicodeDecodeError, AssertionError):
        with pytest.raises(InvalidRequest):
            form_decode(raw)
    else:
        assert form_decode(raw) == text
