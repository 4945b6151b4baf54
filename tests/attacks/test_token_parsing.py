"""The token endpoint reads exactly what RFC 6749 lets a client send. Security rules 1 to 10."""

from __future__ import annotations

import json
import urllib.parse

import pytest

from attacks.cases import TOKEN_PATH, case, challenge, filled, post_form, raw_request
from harness.client import FORM_TYPE, Client
from harness.raw_http import request_bytes, send_raw
from harness.world import World

GRANT = b"grant_type=client_credentials"
GOOD = GRANT + b"&client_id={ID}&client_secret={SECRET}"
BODY_LIMIT = 16 * 1024


@pytest.mark.parametrize(
    "method",
    [case(1, name, name) for name in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND")],
)
def test_only_post_is_a_token_request(world: World, method: str) -> None:
    body = b"" if method in {"GET", "HEAD"} else filled(GOOD, world.oauth)
    query = "?" + filled(GOOD, world.oauth).decode() if method == "GET" else ""
    answer = raw_request(world, method, TOKEN_PATH + query, [("Content-Type", FORM_TYPE)], body)
    assert answer.status == 405, answer
    assert "POST" in (answer.header("allow") or "")


@pytest.mark.parametrize("method", [case(1, name, name) for name in ("OPTIONS", "TRACE", "CONNECT", "post")])
def test_head_and_options_never_yield_a_token(world: World, method: str) -> None:
    request = request_bytes(world.api, method, TOKEN_PATH, [("Content-Type", FORM_TYPE)])
    answer = send_raw(world.api, request, framing=True)
    assert answer is None or answer.status in {204, 400, 405}, answer


@pytest.mark.parametrize(
    "media_type",
    [
        case(2, "plain", FORM_TYPE),
        case(2, "charset", FORM_TYPE + ";charset=UTF-8"),
        case(2, "spaced charset", FORM_TYPE + " ; charset=utf-8"),
        case(2, "upper case", FORM_TYPE.upper()),
    ],
)
def test_form_media_type_is_accepted(world: World, media_type: str) -> None:
    post_form(world, filled(GOOD, world.oauth), media_type=media_type, reveals=True).expect(200)


@pytest.mark.parametrize(
    "media_type",
    [
        case(2, "none", None),
        case(2, "empty", ""),
        case(2, "json", "application/json"),
        case(2, "text", "text/plain"),
        case(2, "longer name", FORM_TYPE + "x"),
        case(2, "shorter name", FORM_TYPE[:-1]),
        case(2, "subtype only", "x-www-form-urlencoded"),
        case(2, "two in one", FORM_TYPE + ", application/json"),
        case(2, "multipart", "multipart/form-data; boundary=x"),
        case(2, "as parameter", "text/plain; " + FORM_TYPE),
    ],
)
def test_other_media_types_are_refused(world: World, media_type: str | None) -> None:
    post_form(world, filled(GOOD, world.oauth), media_type=media_type).expect(400, "invalid_request")


def test_rule_2_json_body_is_refused_as_type_not_as_credentials(world: World) -> None:
    answer = world.api.post("/oauth/token", content=json.dumps(world.oauth.form).encode(),
                            headers={"Content-Type": "application/json"})  # fmt: skip
    answer.expect(400, "invalid_request")


def test_rule_2_two_content_types_are_refused(world: World) -> None:
    headers = [("Content-Type", FORM_TYPE), ("Content-Type", "application/json")]
    raw_request(world, "POST", TOKEN_PATH, headers, filled(GOOD, world.oauth)).expect(400, "invalid_request")


@pytest.mark.parametrize(
    "extra",
    [
        case(3, "grant_type same", b"&" + GRANT),
        case(3, "grant_type other", b"&grant_type=password"),
        case(3, "client_id", b"&client_id={ID}"),
        case(3, "client_id other", b"&client_id=other"),
        case(3, "client_secret", b"&client_secret={SECRET}"),
        case(3, "client_secret other", b"&client_secret=other"),
        case(3, "scope", b"&scope=products:read&scope=products:read"),
        case(3, "scope split in two", b"&scope=products:read&scope=connections:read"),
        case(3, "name in disguise", b"&client%5Fid={ID}"),
        case(3, "unknown name", b"&colour=red&colour=blue"),
        case(3, "grant_type empty", b"&grant_type="),
        case(3, "client_secret empty", b"&client_secret="),
    ],
)
def test_repeated_parameters_are_refused(world: World, extra: bytes) -> None:
    post_form(world, filled(GOOD + extra, world.oauth)).expect(400, "invalid_request")


def test_rule_3_resource_may_be_repeated(world: World) -> None:
    extra = b"&resource=https%3A%2F%2Fone.example&resource=https%3A%2F%2Ftwo.example"
    answer = post_form(world, filled(GOOD + extra, world.oauth), reveals=True)
    answer.expect_one_of((200, None), (400, "invalid_target"))


@pytest.mark.parametrize(
    "body",
    [
        case(4, "empty scope", GOOD + b"&scope="),
        case(4, "scope without equals", GOOD + b"&scope"),
        case(5, "unknown parameter", GOOD + b"&colour=red"),
        case(5, "unknown without value", GOOD + b"&colour"),
        case(5, "unknown of 8 KiB", GOOD + b"&pad=" + b"a" * 8192),
        case(5, "username ignored", GOOD + b"&username=a&password=b"),
        case(5, "audience ignored", GOOD + b"&audience=https%3A%2F%2Fevil.example"),
        case(5, "empty pairs", b"&&" + GOOD + b"&&"),
    ],
)
def test_unusual_but_valid_forms_are_accepted(world: World, body: bytes) -> None:
    answer = post_form(world, filled(body, world.oauth), reveals=True).expect(200)
    assert set(answer.object()["scope"].split()) == set(world.oauth.scope.split())


@pytest.mark.parametrize(
    "body",
    [
        case(4, "empty grant_type", b"grant_type=&client_id={ID}&client_secret={SECRET}"),
        case(4, "empty client_id", GRANT + b"&client_id=&client_secret={SECRET}"),
        case(4, "empty client_secret", GRANT + b"&client_id={ID}&client_secret="),
        case(4, "secret without equals", GRANT + b"&client_id={ID}&client_secret"),
        case(9, "no grant_type", b"client_id={ID}&client_secret={SECRET}"),
        case(10, "name in other case", b"Grant_Type=client_credentials&client_id={ID}&client_secret={SECRET}"),
        case(15, "no client_secret", GRANT + b"&client_id={ID}"),
        case(15, "no client_id", GRANT + b"&client_secret={SECRET}"),
    ],
)
def test_missing_fields_are_malformed_requests(world: World, body: bytes) -> None:
    post_form(world, filled(body, world.oauth)).expect(400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        case(15, "empty body", b""),
        case(15, "one equals sign", b"="),
        case(15, "no credentials", GRANT),
        case(15, "empty credentials", GRANT + b"&client_id=&client_secret="),
        case("6749-B", "semicolon as separator", GOOD.replace(b"&", b";")),
    ],
)
def test_a_request_without_any_client_authentication_is_challenged(world: World, body: bytes) -> None:
    answer = post_form(world, filled(body, world.oauth)).expect(401, "invalid_client")
    assert challenge(answer).startswith("Basic realm=")


@pytest.mark.parametrize(
    ("query", "body"),
    [
        case(6, "client_secret", "client_secret={SECRET}", GRANT + b"&client_id={ID}"),
        case(6, "client_id", "client_id={ID}", GRANT + b"&client_secret={SECRET}"),
        case(6, "grant_type", "grant_type=client_credentials", b"client_id={ID}&client_secret={SECRET}"),
        case(6, "everything", GOOD.decode(), b""),
        case(6, "scope beside a good body", "scope=products:read", GOOD),
        case(6, "secret beside a good body", "client_secret={SECRET}", GOOD),
        case(6, "name in disguise", "client%5Fsecret={SECRET}", GOOD),
        case(6, "empty secret", "client_secret=", GOOD),
    ],
)
def test_parameters_in_the_uri_are_refused(world: World, query: str, body: bytes) -> None:
    target = f"{TOKEN_PATH}?{filled(query.encode(), world.oauth).decode()}"
    answer = raw_request(world, "POST", target, [("Content-Type", FORM_TYPE)], filled(body, world.oauth))
    answer.expect(400, "invalid_request")


BAD_TEXT = {
    "bad hex": b"%ZZ",
    "lone percent": b"%",
    "half an escape": b"%a",
    "half bad escape": b"%4G",
    "invalid UTF-8": b"%ff%fe",
    "overlong NUL": b"%c0%80",
    "surrogate": b"%ed%a0%80",
    "beyond Unicode": b"%f4%90%80%80",
    "cut sequence": b"%e2%82",
    "NUL": b"%00",
    "C0 control": b"%01",
    "escape": b"%1b%5b31m",
    "raw NUL": b"\x00",
    "raw invalid byte": b"\xff",
    "raw control": b"\x07",
}
PLACES = {
    "unknown value": GOOD + b"&colour=red{BAD}",
    "unknown name": GOOD + b"&colour{BAD}=red",
    "client_id": GRANT + b"&client_id={ID}{BAD}&client_secret={SECRET}",
    "client_secret": GRANT + b"&client_id={ID}&client_secret={SECRET}{BAD}",
    "grant_type": b"grant_type=client_credentials{BAD}&client_id={ID}&client_secret={SECRET}",
    "scope": GOOD + b"&scope=products:read{BAD}",
}


@pytest.mark.parametrize(
    "body",
    [
        case(7, f"{text} in {place}", template.replace(b"{BAD}", bad))
        for text, bad in BAD_TEXT.items()
        for place, template in PLACES.items()
    ],
)
def test_undecodable_text_is_refused(world: World, body: bytes) -> None:
    post_form(world, filled(body, world.oauth)).expect(400, "invalid_request")


def test_rule_7_every_character_may_be_percent_encoded(world: World) -> None:
    def encoded(text: str) -> str:
        return "".join(f"%{byte:02x}" for byte in text.encode())

    body = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in world.oauth.form.items())
    post_form(world, body.encode(), reveals=True).expect(200)


@pytest.mark.parametrize("size", [case(8, "one byte too many", BODY_LIMIT + 1), case(8, "a megabyte", 1024 * 1024)])
def test_large_bodies_are_refused(world: World, size: int) -> None:
    body = filled(GOOD, world.oauth) + b"&pad="
    post_form(world, body.ljust(size, b"a")).expect(413, "payload_too_large")


def test_rule_8_large_chunked_body_is_refused(world: World) -> None:
    head = request_bytes(world.api, "POST", TOKEN_PATH,
                         [("Content-Type", FORM_TYPE), ("Transfer-Encoding", "chunked")],
                         content_length=False)  # fmt: skip
    body = filled(GOOD, world.oauth) + b"&pad=" + b"a" * BODY_LIMIT
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 1000]), body[at:at + 1000])
                      for at in range(0, len(body), 1000))  # fmt: skip
    answer = send_raw(world.api, head + chunks + b"0\r\n\r\n")
    assert answer is not None
    answer.expect(413, "payload_too_large")


def test_rule_8_small_chunked_body_is_read(world: World) -> None:
    body = filled(GOOD, world.oauth)
    head = request_bytes(world.api, "POST", TOKEN_PATH,
                         [("Content-Type", FORM_TYPE), ("Transfer-Encoding", "chunked")],
                         content_length=False)  # fmt: skip
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    answer = send_raw(world.api, head + chunks + b"0\r\n\r\n", reveals=True)
    assert answer is not None
    answer.expect(200)


def test_rule_8_announced_size_is_refused_before_the_body_comes(world: World) -> None:
    headers = [("Content-Type", FORM_TYPE), ("Content-Length", "99999999"), ("Expect", "100-continue")]
    answer = send_raw(world.api, request_bytes(world.api, "POST", TOKEN_PATH, headers, content_length=False))
    assert answer is not None
    answer.expect(413, "payload_too_large")


def test_rule_8_too_many_parameters_are_refused(world: World) -> None:
    many = b"".join(b"&%x=1" % number for number in range(0x100, 0x100 + 2000))
    assert len(many) < BODY_LIMIT - 512
    post_form(world, filled(GOOD, world.oauth) + many).expect(400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        case(8, "client_id of 129", GRANT + b"&client_id=" + b"a" * 129 + b"&client_secret={SECRET}"),
        case(8, "client_secret of 257", GRANT + b"&client_id={ID}&client_secret=" + b"a" * 257),
        case(8, "grant_type of 4000", b"grant_type=" + b"a" * 4000 + b"&client_id={ID}&client_secret={SECRET}"),
        case(8, "scope of 2049", GOOD + b"&scope=" + b"products:read+" * 150 + b"products:read"),
    ],
)
def test_overlong_values_are_refused(world: World, body: bytes) -> None:
    answer = post_form(world, filled(body, world.oauth))
    answer.expect_one_of((400, "invalid_request"), (401, "invalid_client"),
                         (400, "invalid_scope"), (400, "unsupported_grant_type"))  # fmt: skip


@pytest.mark.parametrize(
    "grant",
    [
        case(9, "password", "password"),
        case(9, "implicit", "implicit"),
        case(9, "token", "token"),
        case(9, "authorization_code", "authorization_code"),
        case(9, "refresh_token", "refresh_token"),
        case(9, "jwt-bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        case(9, "device_code", "urn:ietf:params:oauth:grant-type:device_code"),
        case(9, "token-exchange", "urn:ietf:params:oauth:grant-type:token-exchange"),
        case(9, "trailing space", "client_credentials "),
        case(9, "leading space", " client_credentials"),
        case(9, "list", "client_credentials,password"),
        case(9, "non-ASCII", "cli\u0435nt_credentials"),
        case(9, "quotes", '"client_credentials"'),
        case(10, "capitals", "Client_Credentials"),
        case(10, "all capitals", "CLIENT_CREDENTIALS"),
    ],
)
def test_other_grants_are_unsupported(world: World, grant: str) -> None:
    body = urllib.parse.urlencode(world.oauth.form | {"grant_type": grant, "username": "a", "password": "b"})
    post_form(world, body.encode()).expect(400, "unsupported_grant_type")


@pytest.mark.parametrize("path", [case(4, name, name) for name in ("/oauth/revoke", "/oauth/introspect")])
@pytest.mark.parametrize(
    "extra",
    [
        case(3, "token twice", b"token=abc&token=abc"),
        case(7, "bad escape", b"token=%ZZ"),
        case(7, "NUL", b"token=a%00"),
        case(7, "invalid UTF-8", b"token=%ff"),
        case(63, "no token", b"colour=red"),
        case(63, "empty token", b"token="),
    ],
)
def test_the_other_forms_are_read_as_strictly(world: World, path: str, extra: bytes) -> None:
    body = filled(b"client_id={ID}&client_secret={SECRET}&" + extra, world.oauth)
    post_form(world, body, path=path).expect(400, "invalid_request")


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        case(2, "login as form", "/auth/login", b"email=a%40b.example&password=abc", FORM_TYPE),
        case(2, "login as text", "/auth/login", b'{"email":"a@b.example","password":"abc"}', "text/plain"),
        case(2, "login without type", "/auth/login", b'{"email":"a@b.example","password":"abc"}', None),
        case(2, "refresh as form", "/auth/refresh", b"refreshToken=abc", FORM_TYPE),
    ],
)
def test_people_send_json_only(api: Client, path: str, body: bytes, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    api.post(path, content=body, headers=headers).expect(400, "invalid_request")
