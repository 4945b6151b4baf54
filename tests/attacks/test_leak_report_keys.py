"""The keys of secret scanners: where they may be, how they are fetched and replaced. Security rule 262."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from harness.openid_provider import OpenIdProvider, send
from harness.processes import free_port
from harness.secret_scanner import SecretScanner, body_of
from harness.single_sign_on import running_provider, trusting
from harness.world import World
from linkxg.errors import TemporarilyUnavailable, UnsignedReport
from linkxg.identity.federation.fetch import Reply
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.secret_scanning.public_keys import is_signed, read_key_document, read_public_keys
from linkxg.secret_scanning.scanners import KEPT_S, REFETCH_S, Scanners
from linkxg.settings import SettingsError, load

WorldFactory = Callable[..., World]
KEYS = "/meta/public_keys/secret_scanning"


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenIdProvider, Path]]:
    """An https server, and its certificate."""
    with running_provider(tmp_path_factory.mktemp("keys")) as started:
        yield started


def publish(server: OpenIdProvider, document: Any, status: int = 200) -> None:
    server.instead[KEYS] = lambda handler: send(handler, status, document)


def scanning(fresh_world: WorldFactory, publisher: tuple[OpenIdProvider, Path], **settings: str) -> World:
    server, certificate = publisher
    given = trusting(certificate) | {"LINKXG_SECRET_SCANNERS": f"code-host={server.issuer}{KEYS}"} | settings
    return fresh_world("sqlite", **given)


def test_rule_262_keys_are_fetched_once_and_again_for_a_new_one(
    fresh_world: WorldFactory, publisher: tuple[OpenIdProvider, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, scanner = publisher[0], SecretScanner("code-host")
    publish(server, scanner.published)
    before = server.count(KEYS)
    world = scanning(fresh_world, publisher)
    oauth = world.new_client()
    assert scanner.report(world.api, oauth.client_secret) == ["true"]
    for _ in range(3):
        assert scanner.report(world.api, oauth.client_secret) == ["true"]
        SecretScanner("nobody").send(world.api, body_of("a")).expect(403, "invalid_signature")
    assert server.count(KEYS) == before + 1


def test_rule_262_without_keys_reports_are_refused_for_now(
    fresh_world: WorldFactory, publisher: tuple[OpenIdProvider, Path]
) -> None:
    server, scanner = publisher[0], SecretScanner("code-host")
    publish(server, scanner.published, 500)
    before = server.count(KEYS)
    world = scanning(fresh_world, publisher)
    for _ in range(3):
        answer = scanner.send(world.api, body_of("a"), allow_503=True).expect(503, "temporarily_unavailable")
        assert int(answer.header("retry-after") or "") > 1
    assert server.count(KEYS) == before + 1


def wait_for_log(world: World, *texts: bytes) -> None:
    """Lines are written in the background."""
    deadline = time.monotonic() + 10
    while not any(text in world.server.log_text() for text in texts):
        assert time.monotonic() < deadline, world.server.log_text()
        time.sleep(0.05)


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "localhost"])
def test_rule_262_no_address_of_a_private_network_is_connected_to(fresh_world: WorldFactory, host: str) -> None:
    world = fresh_world("sqlite", LINKXG_SECRET_SCANNERS=f"code-host=https://{host}:{free_port()}{KEYS}")
    answer = SecretScanner("code-host").send(world.api, body_of("a"), allow_503=True)
    answer.expect(503, "temporarily_unavailable")
    assert answer.seconds < 5
    wait_for_log(world, b"private or reserved address", b"resolved")


def test_rule_262_an_answer_that_is_no_key_document_is_no_key(
    fresh_world: WorldFactory, publisher: tuple[OpenIdProvider, Path]
) -> None:
    scanner = SecretScanner("code-host")
    publish(publisher[0], {"public_keys": [{"key_identifier": scanner.key_id, "key": "x" * 300_000}]})
    world = scanning(fresh_world, publisher)
    scanner.send(world.api, body_of("a"), allow_503=True).expect(503, "temporarily_unavailable")
    wait_for_log(world, b"larger than 256 KiB")


GITHUB_KEY = (
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\n"
    "HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----\n"
)
GITHUB_ID = "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d"
GITHUB_SIGNATURE = "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY="
GITHUB_BODY = b'[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]'


def test_rule_257_the_example_of_the_partner_program_is_accepted() -> None:
    """The one of GitHub's documentation, whose key is public."""
    published = {"public_keys": [{"key_identifier": GITHUB_ID, "key": GITHUB_KEY, "is_current": True}]}
    key = read_key_document(published)[GITHUB_ID]
    assert is_signed(key, GITHUB_SIGNATURE, GITHUB_BODY)
    assert not is_signed(key, GITHUB_SIGNATURE, GITHUB_BODY + b"\n")
    assert not is_signed(key, GITHUB_SIGNATURE, GITHUB_BODY.replace(b"some_token", b"same_token"))


def pem_of(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def test_rule_262_keys_are_read_in_three_formats() -> None:
    scanner = SecretScanner("code-host")
    jwk = {**ECKey.import_key(scanner.key).as_dict(private=False), "kid": "one"}
    found = [
        read_public_keys(json.dumps(scanner.published))[scanner.key_id],
        read_public_keys(json.dumps({"keys": [jwk]}))["one"],
        *read_public_keys(f"# a comment\n{pem_of(scanner.key)}\n").values(),
    ]
    assert len(found) == 3
    for key in found:
        assert is_signed(key, scanner.sign(b"[]"), b"[]")
        assert not is_signed(key, scanner.sign(b"[]"), b"[] ")


def test_rule_262_only_keys_of_p_256_are_used() -> None:
    others = [generate_private_key(SECP384R1()), generate_rsa_key(65_537, 2_048)]
    for key in others:
        document = {"public_keys": [{"key_identifier": "a", "key": pem_of(key)}]}
        assert read_key_document(document) == read_public_keys(pem_of(key)) == {}
    private = ECKey.import_key(generate_private_key(SECP256R1())).as_dict(private=True)
    symmetric = {"kty": "oct", "k": "c2VjcmV0", "kid": "a"}
    ed25519 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"}
    assert read_key_document({"keys": [symmetric, ed25519, {**private, "kid": None}, 1]}) == {}
    wrong: list[dict[str, Any]] = [{}, {"keys": 1}, {"public_keys": [1, {"key_identifier": 1, "key": 2}, {"key": "a"}]}]
    assert [read_key_document(one) for one in wrong] == [{}] * 3
    for text in ("", "{", "[]", '{"keys": []}', "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        assert read_public_keys(text) == {}


class _Publisher:
    """Answers as `ProviderClient` does, and counts."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document: dict[str, Any] | None = document
        self.fetches = 0

    async def get(self, account_id: str, url: str) -> Reply:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.document is None:
            raise ProviderFault("It did not answer within 5 seconds.")
        return Reply(200, self.document)


def test_rule_262_a_new_key_is_found_within_a_minute_and_a_withdrawn_one_ends_within_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scanner, clock = SecretScanner("code-host"), [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    publisher = _Publisher(scanner.published)
    scanners = Scanners([("code-host", "https://code.example.test/keys")], cast("Any", publisher))
    first = scanner.key_id

    async def name_of(key_id: str) -> str:
        return (await scanners.find(key_id))[0][0]

    async def scenario() -> None:
        assert await asyncio.gather(*(name_of(first) for _ in range(5))) == ["code-host"] * 5
        assert publisher.fetches == 1
        scanner.new_key()
        publisher.document = scanner.published
        # Within the minute.
        with pytest.raises(UnsignedReport):
            await name_of(scanner.key_id)
        clock[0] += REFETCH_S
        assert await name_of(scanner.key_id) == "code-host"
        assert publisher.fetches == 2
        with pytest.raises(UnsignedReport):
            await name_of(first)
        # The scanner publishes nothing any more: what is known counts for an hour.
        publisher.document = None
        clock[0] += KEPT_S - 1
        assert await name_of(scanner.key_id) == "code-host"
        clock[0] += 1
        with pytest.raises(TemporarilyUnavailable):
            await name_of(scanner.key_id)
        assert publisher.fetches == 3
        publisher.document = {"public_keys": []}
        clock[0] += REFETCH_S
        with pytest.raises(TemporarilyUnavailable):
            await name_of(scanner.key_id)
        publisher.document = scanner.published
        clock[0] += REFETCH_S
        assert await name_of(scanner.key_id) == "code-host"

    asyncio.run(scenario())


def test_rule_262_a_key_in_a_file_is_replaced_without_a_restart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scanner, clock = SecretScanner("code-host"), [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    scanners = Scanners([("code-host", str(scanner.write_keys(tmp_path)))], cast("Any", None))

    async def scenario() -> None:
        await scanners.find(scanner.key_id)
        scanner.new_key()
        scanner.write_keys(tmp_path)
        clock[0] += REFETCH_S
        await scanners.find(scanner.key_id)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "value", ["code-host", "=https://a", "Code=https://a", "a=http://a", "a=keys.json", "a=https://a,a=https://b"]
)
def test_an_unsafe_setting_prevents_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="LINKXG_SECRET_SCANNERS"):
        load({"LINKXG_SECRET_SCANNERS": value})


def test_a_missing_key_file_prevents_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no file"):
        load({"LINKXG_SECRET_SCANNERS": f"a={tmp_path / 'none.json'}"})
