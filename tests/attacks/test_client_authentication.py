"""Client authentication, whose refusals reveal nothing else. Security rules 11 to 22."""

from __future__ import annotations

import base64
import json
import re
import statistics
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from attacks.cases import TOKEN_PATH, case, challenge, filled, post_form, raw_request
from harness.answers import Answer
from harness.client import FORM_TYPE
from harness.clients import OAuthClient, create_client, make_client, request_token, rotate
from harness.processes import free_port
from harness.server import Server
from harness.world import World

GRANT = b"grant_type=client_credentials"
SECRET = re.compile(r"lxgsec_[0-9A-Za-z]{49}")
DENIED = {"error": "invalid_client", "error_description": "Client authentication failed"}
# Left out of comparisons: they differ between any two answers.
CHANGING = {"date", "x-request-id"}


def basic(world: World, user: str, password: str) -> str:
    """An Authorization value whose secret the harness knows and looks for."""
    blob = base64.b64encode(f"{user}:{password}".encode()).decode()
    return "Basic " + world.vault.remember("basic credential", blob)


def by_header(world: World, authorization: str, body: bytes = GRANT, *, reveals: bool = False) -> Answer:
    """A token request with this Authorization value."""
    return post_form(world, filled(body, world.oauth), headers=[("Authorization", authorization)],
                     reveals=reveals)  # fmt: skip


def escaped(text: str) -> str:
    """Every character percent-encoded, as form encoding permits."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def denied(answer: Answer) -> Answer:
    """The one refusal of security rule 15, with the challenge of security rule 16."""
    answer.expect(401, "invalid_client")
    assert answer.object() == DENIED
    assert re.fullmatch(r'Basic realm="[^"\\]+", charset="UTF-8"', challenge(answer)), answer.fields
    return answer


@pytest.mark.parametrize("scheme", [case(11, name, name) for name in ("Basic", "basic", "BASIC", "bAsIc")])
def test_basic_is_supported_in_any_case(world: World, scheme: str) -> None:
    value = basic(world, world.oauth.client_id, world.oauth.client_secret).removeprefix("Basic")
    by_header(world, scheme + value, reveals=True).expect(200)


def test_rule_11_body_credentials_are_supported(world: World) -> None:
    request_token(world.api, world.oauth).expect(200)


def test_rule_12_both_halves_are_form_decoded(world: World) -> None:
    value = basic(world, escaped(world.oauth.client_id), escaped(world.oauth.client_secret))
    by_header(world, value, reveals=True).expect(200)


MALFORMED: dict[str, Callable[[str, str], str]] = {
    "nothing": lambda user, word: "Basic",
    "only a space": lambda user, word: "Basic ",
    "no colon": lambda user, word: b64(f"{user}{word}"),
    "not base64": lambda user, word: "Basic !!!!",
    "junk inside": lambda user, word: disfigured(b64(f"{user}:{word}"), "!"),
    "newline inside": lambda user, word: disfigured(b64(f"{user}:{word}"), "\t"),
    "space inside": lambda user, word: disfigured(b64(f"{user}:{word}"), " "),
    "junk behind": lambda user, word: b64(f"{user}:{word}") + "!!!!",
    "padding behind": lambda user, word: b64(f"{user}:{word}") + "====",
    "cut": lambda user, word: b64(f"{user}:{word}").rstrip("=")[:-1],
    "in plain text": lambda user, word: f"Basic {user}:{word}",
    "bad escape in secret": lambda user, word: b64(f"{user}:%zz{word}"),
    "bad escape in id": lambda user, word: b64(f"%zz{user}:{word}"),
    "NUL behind": lambda user, word: b64(f"{user}:{word}\x00"),
    "escaped NUL behind": lambda user, word: b64(f"{user}:{word}%00"),
    "invalid UTF-8": lambda user, word: "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "escaped invalid UTF-8": lambda user, word: b64(f"{user}:%ff{word}"),
    "plus is a space": lambda user, word: b64(f"{user}:{word}+"),
    "leading space": lambda user, word: b64(f" {user}:{word}"),
    "newline behind the secret": lambda user, word: b64(f"{user}:{word}\n"),
    "empty secret": lambda user, word: b64(f"{user}:"),
    "empty id": lambda user, word: b64(f":{word}"),
    "only a colon": lambda user, word: b64(":"),
    "secret with colon": lambda user, word: b64(f"{user}:{word}:"),
    "halves swapped": lambda user, word: b64(f"{word}:{user}"),
    "two values in one": lambda user, word: f"{b64(f'{user}:{word}')}, {b64(f'{user}:{word}')}",
    "auth-param": lambda user, word: f'Basic user="{user}", password="{word}"',
}


def b64(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def disfigured(value: str, junk: str) -> str:
    """The same base64 with something in the middle that a lenient decoder would skip."""
    return value[:20] + junk + value[20:]


@pytest.mark.parametrize("make", [case(12, name, make) for name, make in MALFORMED.items()])
def test_malformed_basic_never_authenticates(world: World, make: Callable[[str, str], str]) -> None:
    value = make(world.oauth.client_id, world.oauth.client_secret)
    denied(raw_request(world, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE), ("Authorization", value)], GRANT))


def test_rule_12_non_canonical_base64_never_authenticates(world: World) -> None:
    """`QQ==` and `QR==` decode to the same bytes; only one of them is the encoding."""
    blob = base64.b64encode(f"{world.oauth.client_id}:{world.oauth.client_secret}".encode()).decode()
    padding = blob.count("=")
    secret = world.oauth.client_secret
    if padding == 0:
        blob = base64.b64encode(f"{world.oauth.client_id}:%{ord(secret[0]):02x}{secret[1:]}".encode()).decode()
        padding = blob.count("=")
    assert padding > 0, "the longer spelling has another remainder"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = blob[-padding - 1]
    twin = blob[: -padding - 1] + alphabet[alphabet.index(last) + 1] + "=" * padding
    assert base64.b64decode(twin) == base64.b64decode(blob)
    by_header(world, f"Basic {twin}").expect_one_of((401, "invalid_client"), (400, "invalid_request"))


@pytest.mark.parametrize(
    ("header", "body"),
    [
        case(13, "basic and body secret", True, GRANT + b"&client_secret={SECRET}"),
        case(13, "basic and both in body", True, GRANT + b"&client_id={ID}&client_secret={SECRET}"),
        case(13, "basic and wrong body secret", True, GRANT + b"&client_secret=wrong"),
        case(13, "basic and assertion", True, GRANT + b"&client_assertion=a.b.c"),
        case(13, "secret and assertion", False,
             GRANT + b"&client_id={ID}&client_secret={SECRET}&client_assertion=a.b.c"),
        case(13, "secret and assertion type", False,
             GRANT + b"&client_id={ID}&client_secret={SECRET}&client_assertion=a.b.c&client_assertion_type="
             b"urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"),
    ],
)  # fmt: skip
def test_two_methods_in_one_request_are_malformed(world: World, header: bool, body: bytes) -> None:
    value = basic(world, world.oauth.client_id, world.oauth.client_secret)
    headers = [("Authorization", value)] if header else []
    post_form(world, filled(body, world.oauth), headers=headers).expect(400, "invalid_request")


def test_rule_13_two_authorization_headers_are_malformed(world: World) -> None:
    value = basic(world, world.oauth.client_id, world.oauth.client_secret)
    headers = [("Content-Type", FORM_TYPE), ("Authorization", value), ("Authorization", value)]
    raw_request(world, "POST", TOKEN_PATH, headers, GRANT).expect_one_of(
        (400, "invalid_request"), (401, "invalid_client")
    )


def test_rule_13_an_assertion_alone_does_not_authenticate(world: World) -> None:
    answer = post_form(world, filled(GRANT + b"&client_id={ID}&client_assertion=a.b.c", world.oauth))
    answer.expect_one_of((400, "invalid_request"), (401, "invalid_client"))


def test_rule_14_equal_id_in_the_body_is_allowed(world: World) -> None:
    value = basic(world, world.oauth.client_id, world.oauth.client_secret)
    by_header(world, value, GRANT + b"&client_id={ID}", reveals=True).expect(200)


@pytest.mark.parametrize("other", [case(14, "unknown", "lxgcli_other"), case(14, "of another account", "")])
def test_different_id_in_the_body_is_malformed(world: World, other: str) -> None:
    value = basic(world, world.oauth.client_id, world.oauth.client_secret)
    body = GRANT + b"&client_id=" + (other or world.other_oauth.client_id).encode()
    by_header(world, value, body).expect(400, "invalid_request")


def disabled(world: World) -> OAuthClient:
    oauth = world.new_client()
    world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json={"disabled": True}).expect(200)
    return oauth


def deleted(world: World) -> OAuthClient:
    oauth = world.new_client()
    answer = world.api.delete(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access)
    assert answer.status in {200, 204}, answer
    return oauth


def expired(world: World) -> OAuthClient:
    """A client whose secret ends in a moment, once that moment has passed."""
    oauth = make_client(world.api, world.owner, expires_at=int(time.time()) + 2)
    deadline = time.monotonic() + 10
    while request_token(world.api, oauth).status == 200:
        assert time.monotonic() < deadline, "the secret did not expire"
        time.sleep(0.1)
    return oauth


def rotated_out(world: World) -> OAuthClient:
    oauth = world.new_client()
    rotate(world.api, oauth, world.owner.access).expect(200)
    return oauth


def from_elsewhere(world: World) -> OAuthClient:
    return make_client(world.api, world.owner, allowed_cidrs=["192.0.2.0/24"])


def misspelt(world: World, change: Callable[[str], str]) -> OAuthClient:
    oauth = world.new_client("products:read")
    wrong = world.vault.remember("mistyped client secret", change(oauth.client_secret))
    return OAuthClient(oauth.client_id, wrong, oauth.scope, oauth.secret_id)


def flipped(secret: str) -> str:
    return secret[:-1] + ("a" if secret[-1] != "a" else "b")


IMPOSTORS: dict[str, Callable[[World], OAuthClient]] = {
    "disabled": disabled,
    "deleted": deleted,
    "expired": expired,
    "rotated out": rotated_out,
    "address not allowed": from_elsewhere,
    "wrong checksum": lambda world: misspelt(world, flipped),
    "other case": lambda world: misspelt(world, str.swapcase),
    "one character short": lambda world: misspelt(world, lambda secret: secret[:-1]),
    "one character more": lambda world: misspelt(world, lambda secret: secret + "a"),
    "space behind": lambda world: misspelt(world, lambda secret: secret + " "),
    "non-ASCII": lambda world: misspelt(world, lambda secret: secret + "\u00e9"),
    "emoji": lambda world: misspelt(world, lambda secret: "\U0001f511" * 20),
    "SQL": lambda world: misspelt(world, lambda secret: "' OR '1'='1' --"),
    "another client's secret": lambda world: OAuthClient(
        world.oauth.client_id, world.new_client().client_secret, "", ""
    ),
    "unknown client": lambda world: OAuthClient("lxgcli_unknown", world.oauth.client_secret, "", ""),
    "id in other case": lambda world: OAuthClient(world.oauth.client_id.swapcase(), world.oauth.client_secret, "", ""),
    "id non-ASCII": lambda world: OAuthClient("lxgcli_\u00e9", world.oauth.client_secret, "", ""),
    "the person's id": lambda world: OAuthClient(world.account.owner.user_id, world.vault.password(), "", ""),
}


@pytest.mark.parametrize("make", [case(15, name, make) for name, make in IMPOSTORS.items()])
@pytest.mark.parametrize("method", [case(16, "body", "body"), case(16, "basic", "basic")])
def test_every_failed_authentication_gets_the_same_answer(
    world: World, make: Callable[[World], OAuthClient], method: str
) -> None:
    impostor = make(world)
    if method == "body":
        answer = request_token(world.api, impostor)
    else:
        answer = by_header(world, basic(world, quote(impostor.client_id), quote(impostor.client_secret)))
    denied(answer)


def test_rule_15_refusals_have_equal_headers(world: World) -> None:
    answers = [
        request_token(world.api, IMPOSTORS[name](world))
        for name in ("unknown client", "wrong checksum", "disabled", "deleted", "address not allowed")
    ]
    shapes = {
        json.dumps([(name, value) for name, value in denied(answer).fields if name not in CHANGING
                    and not name.startswith("ratelimit")])
        for answer in answers
    }  # fmt: skip
    assert len(shapes) == 1, shapes


@pytest.mark.parametrize(
    "value",
    [
        case(15, "bearer", "Bearer abcdefghijkl"),
        case(15, "digest", 'Digest username="a"'),
        case(15, "unknown scheme", "Negotiate YWJj"),
        case(15, "no scheme", "abcdefghijkl"),
        case(15, "longer scheme", "BasicX YTpi"),
    ],
)
def test_other_schemes_are_refused(world: World, value: str) -> None:
    denied(by_header(world, value))


def test_bearer_instead_of_client_authentication_is_named_in_the_log(world: World) -> None:
    request_id = str(denied(by_header(world, "Bearer abcdefghijkl")).header("x-request-id"))
    [line] = world.server.process.wait_for(lambda line: request_id in line)
    assert "not by Bearer" in json.loads(line)["reason"]


@pytest.mark.parametrize("path", [case(18, name, name) for name in ("/oauth/revoke", "/oauth/introspect")])
def test_the_other_endpoints_authenticate_alike(world: World, path: str) -> None:
    wrong = IMPOSTORS["wrong checksum"](world)
    body = f"token=abc&client_id={wrong.client_id}&client_secret={wrong.client_secret}".encode()
    denied(post_form(world, body, path=path))
    denied(post_form(world, b"token=abc", path=path))
    post_form(world, filled(b"token=abc&client_id={ID}", world.oauth), path=path).expect(400, "invalid_request")


def test_rule_17_a_client_id_alone_never_authenticates(world: World) -> None:
    post_form(world, filled(GRANT + b"&client_id={ID}", world.oauth)).expect(400, "invalid_request")


def test_rules_19_and_21_secrets_are_long_random_and_recognisable(world: World) -> None:
    secrets = [world.new_client("products:read").client_secret for _ in range(5)]
    assert all(SECRET.fullmatch(secret) for secret in secrets)
    assert len(set(secrets)) == len(secrets)
    assert all(secret.isascii() for secret in secrets)


def test_rule_19_ids_are_made_by_the_server(world: World) -> None:
    wanted = "lxgcli_chosen"
    answer = create_client(world.api, world.owner, client_id=wanted, client_secret="lxgsec_" + "a" * 12)
    if answer.status == 201:
        assert answer.object()["client_id"] != wanted
        assert answer.object()["client_secret"] != "lxgsec_" + "a" * 12
    else:
        answer.expect(400, "invalid_request")


def test_rule_20_unknown_clients_cost_as_much_time_as_wrong_secrets(world: World) -> None:
    wrong = world.vault.invent("mistyped client secret", prefix="lxgsec_", length=49)
    known = OAuthClient(world.oauth.client_id, wrong, "", "")
    unknown = OAuthClient("lxgcli_" + "A" * len(world.oauth.client_id.removeprefix("lxgcli_")), wrong, "", "")
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(60):
        seconds["known"].append(denied(request_token(world.api, known)).seconds)
        seconds["unknown"].append(denied(request_token(world.api, unknown)).seconds)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    # Generous: a look-up that is left out on one side shows as far more than this.
    assert max(medians.values()) < 3 * min(medians.values()), medians


def test_rule_22_plain_http_off_loopback_stops_the_start(fresh_server: Callable[..., Server]) -> None:
    done = fresh_server().try_command("serve", "--host", "0.0.0.0", "--port", str(free_port()))
    assert done.returncode == 2
    message = (done.stdout + done.stderr).decode()
    assert "Traceback" not in message
    assert "0.0.0.0" in message
