"""The harness notices what it is there to notice."""

from __future__ import annotations

import dataclasses
import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import postgres
from harness.answers import Answer
from harness.postgres import Cluster
from harness.processes import Process, ProcessFailed
from harness.redis import KeyValueServer
from harness.rules import RuleBroken, check
from harness.smtp_sink import SmtpSink
from harness.token_forge import TokenForge, decode_unverified, hmac_token
from harness.vault import Vault, shapes_in

GOOD = Answer(
    method="GET",
    path="/api/v1/auth/me",
    status=401,
    fields=(
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("www-authenticate", 'Bearer realm="x", error="invalid_token"'),
        ("x-content-type-options", "nosniff"),
        ("x-request-id", "0123456789abcdef"),
    ),
    body=b'{"error":"invalid_token","error_description":"The token is expired."}',
)


def with_field(name: str, value: str | None) -> Answer:
    """The good answer with one header field replaced or left out."""
    fields = [(key, text) for key, text in GOOD.fields if key != name]
    return dataclasses.replace(GOOD, fields=(*fields, *([(name, value)] if value is not None else [])))


def with_body(body: bytes) -> Answer:
    return dataclasses.replace(GOOD, body=body)


def verdict(answer: Answer, vault: Vault | None = None, **options: bool) -> str:
    """The number of the broken rule, or an empty text."""
    asked = {"reveals": False, "repeats": False, "allow_503": False} | options
    try:
        check(answer, vault or Vault(), **asked)
    except RuleBroken as problem:
        return str(problem).partition(":")[0].removeprefix("security rule ")
    return ""


BROKEN = {
    "server error": ("U1", dataclasses.replace(GOOD, status=500)),
    "no object": ("U2", with_body(b"[]")),
    "no error": ("U2", with_body(b'{"error_description":"a"}')),
    "quote in the text": ("U2", with_body(b'{"error":"a","error_description":"say \\"a\\""}')),
    "line break in the text": ("U2", with_body(b'{"error":"a","error_description":"a\\nb"}')),
    "not ASCII": ("U2", with_body('{"error":"a","error_description":"é"}'.encode())),
    "another member": ("U2", with_body(b'{"error":"a","error_description":"b","secret":1}')),
    "not JSON": ("U3", with_body(b"<html>")),
    "NaN": ("U3", with_body(b'{"error":NaN,"error_description":"b"}')),
    "repeated member": ("U3", with_body(b'{"error":"a","error":"a","error_description":"b"}')),
    "as text": ("U3", with_field("content-type", "text/plain")),
    "cacheable": ("U4", with_field("cache-control", None)),
    "no challenge": ("U5", with_field("www-authenticate", None)),
    "path of a file": ("U7", with_body(b'{"error":"a","error_description":"in /usr/lib/a"}')),
    "SQL": ("U7", with_body(b'{"error":"a","error_description":"SELECT a FROM b"}')),
    "banner": ("U7", with_field("server", "uvicorn")),
    "sniffable": ("U8", with_field("x-content-type-options", None)),
    "no HSTS": ("U8", dataclasses.replace(GOOD, secure=True)),
    "no Allow": ("U9", dataclasses.replace(GOOD, status=405)),
    "no request id": ("U10", with_field("x-request-id", None)),
    "the caller's request id": ("U10", dataclasses.replace(GOOD, sent_request_id="0123456789abcdef")),
    "control in a header": ("U11", with_field("location", "/a\x01")),
    "injected header": ("U11", with_field("x-injected", "yes")),
    "no Retry-After": ("105", dataclasses.replace(GOOD, status=429)),
}


@pytest.mark.parametrize(("rule", "answer"), BROKEN.values(), ids=BROKEN)
def test_each_broken_rule_is_named(rule: str, answer: Answer) -> None:
    assert verdict(GOOD) == ""
    assert verdict(answer) == rule


def test_reflected_origins_are_detected() -> None:
    answer = with_field("access-control-allow-origin", "https://evil.example")
    assert verdict(dataclasses.replace(answer, sent_origin="https://evil.example")) == "U8"


def test_echoed_secrets_are_detected() -> None:
    vault = Vault()
    secret = vault.invent("password", length=30)
    echo = with_body(b'{"error":"a","error_description":"%s"}' % secret[:28].encode())
    assert verdict(echo, vault) == "U6"
    assert verdict(echo, vault, reveals=True) == "U6", "what is known already is never handed out again"
    assert verdict(echo, vault, repeats=True) == ""
    fresh = with_body(b'{"error":"a","error_description":"lxgsec_%s"}' % (b"a" * 49))
    assert verdict(fresh) == "U6"
    assert verdict(fresh, reveals=True) == ""


def test_a_503_is_allowed_only_during_a_fault() -> None:
    answer = dataclasses.replace(with_field("retry-after", "1"), status=503)
    assert verdict(answer) == "U1"
    assert verdict(answer, allow_503=True) == ""


def test_the_secret_registry_finds_fragments_and_forgets() -> None:
    vault = Vault()
    secret = vault.invent("client secret", prefix="lxgsec_", length=49)
    assert {found.value for found in vault.found_in(b"..." + secret[20:45].encode())} == {secret}
    assert not vault.found_in(secret[:10].encode() + b" and nothing more")
    assert secret not in repr(vault.found_in(secret.encode()))
    vault.forget(secret)
    assert not vault.found_in(secret.encode())


def test_credentials_are_recognised_by_their_shape() -> None:
    token = hmac_token({"alg": "HS256"}, {"sub": "a" * 20}, b"key")
    assert shapes_in(f"x {token} y".encode()) == [token.encode()]
    assert shapes_in(b"lxgcli_" + b"a" * 40) == []


@pytest.fixture
def forge() -> TokenForge:
    return TokenForge(
        {"kid": "one", "alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}}
    )


def test_the_token_forge_changes_only_the_given_claims(forge: TokenForge) -> None:
    token = forge.token({"alg": "HS256", "kid": "one"}, {"sub": "a", "exp": 1})
    changed = forge.with_changes(token, header={"kid": None}, claims={"exp": 2})
    assert decode_unverified(changed) == ({"alg": "HS256"}, {"sub": "a", "exp": 2})
    assert forge.with_changes(token) == token


def test_a_silent_or_ended_process_fails_the_wait() -> None:
    process = Process("sleeper", ["sh", "-c", "echo hello; exec sleep 60"])
    assert process.wait_for(lambda line: "hello" in line) == ["hello"]
    with pytest.raises(ProcessFailed, match="silent"):
        process.wait_for(lambda line: "never" in line, timeout=0.2)
    process.kill()
    with pytest.raises(ProcessFailed, match="ended"):
        process.wait_for(lambda line: "never" in line)


def test_mails_are_kept() -> None:
    sink = SmtpSink().start()
    with smtplib.SMTP("127.0.0.1", sink.port) as connection:
        connection.sendmail("a@example.test", ["b@example.test"], "Subject: Hello\n\nThe text.\n")
    assert sink.wait_for("b@example.test").text().strip() == "The text."
    sink.stop()


def test_a_cluster_keeps_what_it_committed_over_a_crash(cluster: Cluster) -> None:
    own = Cluster().start()
    url = own.new_database()
    own.query(url, "CREATE TABLE kept (a int)")
    own.query(url, "INSERT INTO kept VALUES (7)")
    assert own.query(url, "SHOW fsync") == [["on"]]
    own.crash()
    own.start()
    assert own.query(url, "SELECT a FROM kept") == [["7"]]
    assert b"kept" in own.dump(url)
    own.remove()
    assert not own.directory.exists()
    assert cluster.port != own.port


@pytest.fixture
def versions(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.binaries.cache_clear()


def test_the_newest_binaries_are_used(versions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("9.6", "15", "17"):
        (versions / version / "bin").mkdir(parents=True)
        (versions / version / "bin" / "initdb").touch()
    monkeypatch.setattr(postgres, "INSTALLED", versions)
    postgres.binaries.cache_clear()
    assert postgres.binaries() == versions / "17" / "bin"


def test_a_key_value_server_answers(key_value_server: KeyValueServer) -> None:
    with socket.create_connection(("127.0.0.1", key_value_server.port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"
