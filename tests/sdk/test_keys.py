"""Clients of the library that sign with a private key, or present the token of their workload."""

from __future__ import annotations

import json
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from harness.client_assertions import KeyClient, add_key, make_key_client, set_methods
from harness.world import World
from linkxg_client import (
    ClientAssertions,
    ClientCredentials,
    EnvironmentSecret,
    InvalidClient,
    LinkXG,
    LinkXGError,
    PrivateKeyJwt,
    Secret,
    SecretFile,
    SecretUnavailable,
    credentials_from_environment,
    github_actions_token,
)
from linkxg_client.client_assertions import new_key
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock

pytestmark = pytest.mark.any_engine


def pem_of(machine: KeyClient) -> str:
    return machine.key.as_pem(private=True).decode()


def key_client(world: World, algorithm: str = "ES256") -> KeyClient:
    made = make_key_client(world, algorithm)
    set_methods(world.api, world.owner, made.client_id, ["private_key_jwt"]).expect(200)
    return made


@pytest.fixture
def machine(world: World) -> KeyClient:
    return key_client(world)


@pytest.fixture
def credentials_with(world: World, recorder: Recorder, clock: ShiftedClock) -> Callable[..., ClientCredentials]:
    def make(client_id: str, secret: Any) -> ClientCredentials:
        return ClientCredentials(client_id, secret, connection=connect(world.server.url, recorder, clock))

    return make


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_client_signs_by_its_key(
    world: World, credentials_with: Callable[..., ClientCredentials], tmp_path: Path, recorder: Recorder, algorithm: str
) -> None:
    machine = key_client(world, algorithm)
    file = SecretFile(tmp_path / "key.pem")
    file.write(Secret(pem_of(machine)))
    credentials = credentials_with(machine.client_id, PrivateKeyJwt(file, kid=machine.key.kid))
    with LinkXG(credentials) as client:
        assert list(client.products.list(sku="none")) == []
    token = credentials.token("dpp:read")
    assert credentials.connection.run(credentials.introspect(token))["active"] is True
    assert recorder.tokens == 2


def test_a_key_from_the_environment_or_a_function_needs_no_kid(
    machine: KeyClient, credentials_with: Callable[..., ClientCredentials], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its kid is then the thumbprint, which the service computes too for a PEM."""
    monkeypatch.setenv("ERP_KEY", pem_of(machine))
    for source in (EnvironmentSecret("ERP_KEY"), lambda: pem_of(machine), pem_of(machine)):
        key = PrivateKeyJwt(source, kid=machine.key.kid)
        assert credentials_with(machine.client_id, key).token().scope
    signed = PrivateKeyJwt(pem_of(machine)).bind("client", "https://api.linkxg.com", ShiftedClock()).read().reveal()
    header = json.loads(_decode(signed.split(".")[0]))
    assert header == {"alg": "ES256", "typ": "JWT", "kid": machine.key.thumbprint()}


def _decode(segment: str) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def test_a_key_that_was_replaced_is_used_without_a_restart(
    world: World, machine: KeyClient, credentials_with: Callable[..., ClientCredentials], tmp_path: Path
) -> None:
    file = SecretFile(tmp_path / "key.pem")
    file.write(Secret(pem_of(key_client(world))))
    credentials = credentials_with(machine.client_id, PrivateKeyJwt(file, kid=machine.key.kid))
    with pytest.raises(InvalidClient):
        credentials.token()
    file.write(Secret(pem_of(machine)))
    assert credentials.token().scope


def test_the_environment_names_the_key_file(
    world: World, machine: KeyClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SecretFile(tmp_path / "key.pem").write(Secret(pem_of(machine)))
    monkeypatch.setenv("LINKXG_URL", world.server.url)
    monkeypatch.setenv("LINKXG_CLIENT_ID", machine.client_id)
    monkeypatch.setenv("LINKXG_CLIENT_KEY_FILE", str(tmp_path / "key.pem"))
    monkeypatch.setenv("LINKXG_CLIENT_SECRET_FILE", str(tmp_path / "absent"))
    # Its key was registered with a kid of its own.
    with pytest.raises(InvalidClient):
        credentials_from_environment().token()
    oauth, public = world.new_client(), machine.key.as_pem(private=False).decode()
    add_key(world.api, world.owner, oauth.client_id, pem=public).expect(201)
    monkeypatch.setenv("LINKXG_CLIENT_ID", oauth.client_id)
    assert credentials_from_environment().token().scope


def test_the_token_of_a_workload_is_read_from_its_file_for_each_request(
    machine: KeyClient, credentials_with: Callable[..., ClientCredentials], tmp_path: Path, recorder: Recorder
) -> None:
    """As Kubernetes projects it: a link to a file that others may read, replaced from time to time."""
    (tmp_path / "first").write_text(machine.assertion() + "\n")
    (tmp_path / "second").write_text(machine.assertion() + "\n")
    link = tmp_path / "token"
    link.symlink_to(tmp_path / "first")
    credentials = credentials_with(machine.client_id, ClientAssertions(SecretFile(link, readable_by_others=True)))
    assert credentials.token("products:read").scope
    with pytest.raises(InvalidClient):
        credentials.token("dpp:read")
    assert recorder.tokens == 2, "the same token is not presented again"
    link.unlink()
    link.symlink_to(tmp_path / "second")
    assert credentials.token("dpp:read").scope


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What GitHub Actions is asked for; it answers with one of `tokens`, and 403 to others than the job."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            known = self.headers["Authorization"] == "Bearer of-the-job"
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps({"value": f"token-{len(asked)}"} if known else {}).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"http://127.0.0.1:{server.server_port}/token?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_github_actions_is_asked_for_each_assertion(platform: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    source = ClientAssertions(github_actions_token("https://api.linkxg.com"))
    assert [source.read().reveal(), source.read().reveal()] == ["token-1", "token-2"]
    assert platform[0] == "/token?api-version=2.0&audience=https%3A%2F%2Fapi.linkxg.com"
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "stolen-credential")
    with pytest.raises(SecretUnavailable, match="issued no identity token") as raised:
        source.read()
    assert "stolen-credential" not in shown(raised.value)
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL")
    with pytest.raises(SecretUnavailable, match="id-token: write"):
        source.read()


def shown(error: BaseException) -> str:
    """All that a traceback with local variables shows, but for those of the test itself."""
    assert error.__context__ is None
    assert error.__traceback__ is not None
    kept = traceback.TracebackException(type(error), error, error.__traceback__.tb_next, capture_locals=True)
    return "".join(kept.format()) + repr(error)


def test_a_private_key_shows_itself_nowhere(
    machine: KeyClient, credentials_with: Callable[..., ClientCredentials], tmp_path: Path
) -> None:
    file = SecretFile(tmp_path / "key.pem")
    file.write(Secret(pem_of(machine)))
    secret_part = machine.key.as_dict(private=True)["d"]
    source = PrivateKeyJwt(file)
    credentials = credentials_with(machine.client_id, source)
    key = new_key()
    text = repr([source, vars(source), credentials, vars(credentials), key])
    assert isinstance(secret_part, str)
    assert secret_part not in text
    assert "PRIVATE" not in text
    for one in (key, credentials):
        with pytest.raises((TypeError, AttributeError)):
            pickle.dumps(one)


def pems() -> dict[str, bytes]:
    def pem(key: Any, encryption: Any) -> bytes:
        found: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        return found

    good = pem(ec.generate_private_key(ec.SECP256R1()), NoEncryption())
    return {
        "cut off": good[:100] + b"\n-----END PRIVATE KEY-----\n",
        "with a password": pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"x")),
        "another curve": pem(ec.generate_private_key(ec.SECP384R1()), NoEncryption()),
        "too short": pem(rsa.generate_private_key(65_537, 1_024), NoEncryption()),
        "no key": b"lxgsec_7Q2mVxkT0bNw4LrYc9Zs3e8sKpQw1Er5Ty7Ui9Op3As",
    }


def test_unusable_keys_are_a_clear_error_that_does_not_show_them(
    credentials_with: Callable[..., ClientCredentials], tmp_path: Path, recorder: Recorder
) -> None:
    for name, pem in pems().items():
        file = SecretFile(tmp_path / "key.pem")
        file.write(Secret(pem.decode()))
        with pytest.raises(SecretUnavailable, match="P-256, Ed25519 or RSA") as raised:
            credentials_with("client", PrivateKeyJwt(file)).token()
        assert pem.decode().strip().splitlines()[-2:][0] not in shown(raised.value), name
    assert recorder.tokens == 0
    file.path.chmod(0o644)
    with pytest.raises(SecretUnavailable, match="chmod 600"):
        credentials_with("client", PrivateKeyJwt(file)).token()


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.startswith("cryptography") or one == "linkxg_client.signing_key"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(SecretUnavailable, match=r"Install linkxg-client\[keys\]") as raised:
        PrivateKeyJwt("any")
    assert isinstance(raised.value, LinkXGError)
    assert raised.value.__context__ is None
