"""HTTP/1.1 rules for the head of a request, on every kind of path. RFC 9112 §2.3, §3.2, §6.1."""

from __future__ import annotations

import pytest

from attacks.cases import TOKEN_PATH, case
from harness.client import FORM_TYPE
from harness.raw_http import response_statuses, send_bytes, send_in_pieces, send_raw
from harness.world import World

ADDRESSES = {
    "token": b"POST " + TOKEN_PATH.encode(),
    "refresh": b"POST /api/v1/auth/refresh",
    "introspect": b"POST /api/v1/oauth/introspect",
    "revoke": b"POST /api/v1/oauth/revoke",
    "product": b"GET /api/v1/products/00000000-0000-4000-8000-000000000000",
    "login": b"POST /api/v1/auth/login",
    "health": b"GET /healthz",
    "console": b"GET /sign-in",
    "nothing": b"GET /nothing",
}
HOSTS = {
    "none": b"",
    "empty": b"Host:\r\n",
    "blank": b"Host: \t \r\n",
    "twice": b"Host: x\r\nHost: x\r\n",
    "two in one": b"Host: x, y\r\n",
    "path": b"Host: x/y\r\n",
    "space": b"Host: x y\r\n",
    "user": b"Host: user@x\r\n",
    "bad port": b"Host: x:port\r\n",
    "long port": b"Host: x:123456\r\n",
    "open bracket": b"Host: [::1\r\n",
    "not ASCII": "Host: b\u00fccher.example\r\n".encode(),
    "markup": b"Host: <x>\r\n",
}
GOOD_HOSTS = (b"x", b"api.example.test:443", b"127.0.0.1", b"[::1]:8000", b"linkxg_backend", b"x:", b"x \t")
REST = b"Connection: close\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("address", [case(125, name, address) for name, address in ADDRESSES.items()])
def test_a_request_needs_one_valid_host(world: World, address: bytes) -> None:
    for name, host in HOSTS.items():
        answer = send_raw(world.api, address + b" HTTP/1.1\r\n" + host + REST)
        assert answer is not None, name
        answer.expect(400, "invalid_request")
        assert "Host header" in str(answer.without_request_id["error_description"]), (name, answer)
    for host in GOOD_HOSTS:
        answer = send_raw(world.api, address + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + REST)
        assert answer is not None
        assert b"Host" not in answer.body, (host, answer)


def test_http_1_0_needs_no_host(world: World) -> None:
    """As health checks of load balancers are."""
    answer = send_raw(world.api, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert answer is not None
    answer.expect(200)


@pytest.mark.parametrize("address", [case(125, name, address) for name, address in ADDRESSES.items()])
def test_other_transfer_codings_are_not_implemented(world: World, address: bytes) -> None:
    line = b"\r\nTransfer-Encoding: "
    for coding in (
        b"gzip, chunked", b"identity, chunked", b"x, chunked",
        b"gzip" + line + b"chunked", b"identity" + line + b"chunked",
    ):  # fmt: skip
        head = address + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + coding + b"\r\n\r\n"
        answer = send_raw(world.api, head + b"0\r\n\r\n")
        assert answer is not None
        answer.expect(501, "not_implemented")


def test_a_request_without_valid_framing_is_not_executed(world: World) -> None:
    """The parser finds the fault only after the head; nobody may have begun to answer by then."""
    oauth = world.new_client("products:read")
    head = f"DELETE /api/v1/oauth/clients/{oauth.client_id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
    bad = (head + world.owner.access + "\r\nTransfer-Encoding: gzip\r\n\r\n").encode()
    assert response_statuses(send_bytes(world.api, bad, half_close=True))[0] in {400, 501}
    world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200)


@pytest.mark.parametrize(
    "line",
    [
        case(125, "0.9", b"GET /healthz\r\n"),
        case(125, "0.9 with an empty line", b"GET /healthz\r\n\r\n"),
        case(125, "2.0", b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n"),
        case(125, "preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ],
)
def test_other_versions_of_http_are_refused(world: World, line: bytes) -> None:
    answer = send_raw(world.api, line)
    assert answer is not None
    answer.expect(400, "invalid_request")


@pytest.mark.parametrize("address", [case(8, name, address) for name, address in ADDRESSES.items()])
def test_large_header_blocks_get_the_documented_error(world: World, address: bytes) -> None:
    """In one piece and in several, the request complete or not."""
    head = address + b" HTTP/1.1\r\nHost: x\r\nContent-Type: " + FORM_TYPE.encode() + b"\r\nX-Long: " + b"a" * 40_000
    answer = send_raw(world.api, head + b"\r\n" + REST)
    assert answer is not None
    answer.expect(431, "header_fields_too_large")
    answer = send_raw(world.api, head)
    assert answer is not None
    answer.expect(431, "header_fields_too_large")
    received = send_in_pieces(world.api, [head[:20_000], head[20_000:]])
    assert response_statuses(received) == [431]
    assert b'"error":"header_fields_too_large"' in received


@pytest.mark.parametrize("address", [case(8, name, address) for name, address in ADDRESSES.items()])
def test_many_small_fields_are_a_large_header_block(world: World, address: bytes) -> None:
    """In one piece, in two, behind another request, and behind the end of a chunked body."""
    start = address + b" HTTP/1.1\r\nHost: x\r\n"
    before = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    for fields in (b"a:\r\n" * 300, b"a:\r\n" * 16_000, b"".join(b"x%d: %b\r\n" % (n, b"a" * 200) for n in range(180))):
        request = start + fields + REST
        for stream, others in ((request, []), (before + request, [200]), (body + request, [405])):
            assert response_statuses(send_bytes(world.api, stream)) == [*others, 431]
        for at in (len(start), len(request) // 2):
            assert response_statuses(send_in_pieces(world.api, [request[:at], request[at:]])) == [431]
    for fields in (b"a:\r\n" * 190, b"".join(b"x%d: %b\r\n" % (n, b"a" * 150) for n in range(180))):
        assert response_statuses(send_bytes(world.api, start + fields + REST)) not in ([431], [])


@pytest.mark.parametrize("address", [case(125, name, address) for name, address in ADDRESSES.items()])
def test_http_1_0_has_no_transfer_codings(world: World, address: bytes) -> None:
    for fields in (b"Host: x\r\n", b"Host: x\r\nConnection: keep-alive\r\n"):
        head = address + b" HTTP/1.0\r\n" + fields + b"Transfer-Encoding: chunked\r\n\r\n"
        answer = send_raw(world.api, head + b"0\r\n\r\n")
        assert answer is not None
        answer.expect(400, "invalid_request")
        assert "transfer codings" in str(answer.without_request_id["error_description"]), answer


@pytest.mark.parametrize("address", [case(125, name, address) for name, address in ADDRESSES.items()])
def test_an_address_with_a_user_name_is_refused(world: World, address: bytes) -> None:
    """RFC 9110 §4.2.4; without one the absolute form is read (RFC 9112 §3.2.2)."""
    method, _, path = address.partition(b" ")
    for authority in (b"user@x", b"user:password@x", b"@x", b"user@x:8000"):
        head = method + b" http://" + authority + path + b" HTTP/1.1\r\nHost: x\r\n" + REST
        answer = send_raw(world.api, head)
        assert answer is not None
        answer.expect(400, "invalid_request")
        assert "user name" in str(answer.without_request_id["error_description"]), (authority, answer)
    answer = send_raw(world.api, method + b" http://x" + path + b"?a=b@c HTTP/1.1\r\nHost: x\r\n" + REST)
    assert answer is not None
    assert b"user name" not in answer.body
