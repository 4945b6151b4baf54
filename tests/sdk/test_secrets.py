"""A secret shows itself nowhere: no representation, log, pickle, exception or local of a traceback has it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import stat
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from harness.world import World
from linkxg_client import (
    ApiError,
    CallableSecret,
    ClientCredentials,
    Connection,
    EnvironmentSecret,
    KeyringSecret,
    LinkXG,
    LinkXGError,
    Secret,
    SecretFile,
    SecretUnavailable,
    SessionFile,
    UserSession,
)
from linkxg_client.errors import ErrorAnswer, RateLimited
from linkxg_client.session_store import StoredSession
from sdk.doubles import FakeClock, token_answer

pytestmark = pytest.mark.any_engine
VALUE = "lxgsec_7Q2mVxkT0bNw4LrYc9Zs3e8sKpQw1Er5Ty7Ui9Op3As"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjbGllbnQifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"


def test_a_secret_has_no_representation() -> None:
    secret = Secret(VALUE)
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{[secret]!r}", str([secret])):
        assert VALUE not in text
    assert secret.reveal() == VALUE
    assert secret == Secret(VALUE) != Secret(VALUE + "x")
    assert len({secret, copy.deepcopy(secret), copy.copy(secret)}) == 1


@pytest.mark.parametrize("make", [lambda: Secret(VALUE), lambda: _credentials(lambda _: token_answer(TOKEN)).token()])
def test_secrets_and_tokens_are_not_pickled(make: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(make())


def test_credentials_and_clients_do_not_show_their_secret() -> None:
    credentials = _credentials(lambda _: token_answer(TOKEN))
    credentials.token()
    with LinkXG(credentials) as client:
        text = repr([credentials, client, credentials.auth(), credentials.tokens(), credentials.token(), vars(client)])
    assert VALUE not in text
    assert TOKEN not in text
    for value in (credentials, client, credentials.auth(), credentials.tokens()):
        with pytest.raises((TypeError, AttributeError)):
            pickle.dumps(value)


def _credentials(answer: Callable[[httpx.Request], httpx.Response], **options: object) -> ClientCredentials:
    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(answer), clock=FakeClock())
    return ClientCredentials("client", VALUE, connection=connection)


def _broken(request: httpx.Request) -> httpx.Response:
    body, headers = request.content, list(request.headers.raw)
    raise httpx.WriteError(f"broken after {len(body)} bytes and {len(headers)} fields")


def _refused(request: httpx.Request) -> httpx.Response:
    description = f"Bad secret {VALUE} or token {TOKEN}"
    return httpx.Response(401, json={"error": "invalid_client", "error_description": description})


def _strange(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"access_token": 5, "secret": VALUE})


@pytest.mark.parametrize("answer", [_broken, _refused, _strange])
def test_no_traceback_has_the_secret_in_its_locals(answer: Callable[[httpx.Request], httpx.Response]) -> None:
    credentials = _credentials(answer)
    with pytest.raises(LinkXGError) as raised:
        credentials.token()
    kept = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    # The frame of this test is its own matter, and shows nothing either.
    text = "".join(kept.format()) + str(raised.value) + repr(raised.value)
    assert VALUE not in text
    assert TOKEN not in text
    assert raised.value.__context__ is None


def test_nothing_is_logged_but_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _credentials(lambda _: token_answer(TOKEN)).token()
    assert "/oauth/token" in caplog.text
    assert VALUE not in caplog.text
    assert TOKEN not in caplog.text


def test_exceptions_can_be_passed_between_processes() -> None:
    error = RateLimited(ErrorAnswer(429, "rate_limit_exceeded", "Too many requests", "request-1", retry_after=7.0))
    same = pickle.loads(pickle.dumps(error))
    assert isinstance(same, RateLimited)
    assert (same.status, same.error, same.request_id, same.retry_after, str(same)) == (
        429, "rate_limit_exceeded", "request-1", 7.0, str(error),
    )  # fmt: skip


def test_an_error_has_code_description_and_request_id(world: World, credentials: ClientCredentials) -> None:
    with LinkXG(credentials) as client, pytest.raises(ApiError) as raised:
        client.products.create(" ", {"name": ""})
    error = raised.value
    assert (error.status, error.error) == (422, "validation_failed")
    assert {detail.field for detail in error.details} >= {"content.name"}
    assert error.request_id
    assert error.request_id in str(error)


def test_a_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKXG_CLIENT_SECRET", VALUE + "\n")
    assert EnvironmentSecret().read() == Secret(VALUE)
    monkeypatch.delenv("LINKXG_CLIENT_SECRET")
    with pytest.raises(SecretUnavailable, match="LINKXG_CLIENT_SECRET"):
        EnvironmentSecret().read()


def test_a_secret_from_a_function_is_read_for_each_token() -> None:
    values = iter(["first", "second"])
    source = CallableSecret(lambda: next(values))
    assert [source.read().reveal(), source.read().reveal()] == ["first", "second"]


def test_a_secret_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("linkxg", "client"): VALUE}
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    keyring.set_password = lambda service, name, value: kept.update({(service, name): value})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert KeyringSecret("linkxg", "client").read() == Secret(VALUE)
    with pytest.raises(SecretUnavailable):
        KeyringSecret("linkxg", "another").read()


def test_a_secret_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "secrets" / "client")
    with pytest.raises(SecretUnavailable, match="cannot be read"):
        file.read()
    file.write(Secret(VALUE))
    assert file.read() == Secret(VALUE)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [each.name for each in file.path.parent.iterdir()] == ["client"]
    file.path.chmod(0o644)
    with pytest.raises(SecretUnavailable, match="chmod 600"):
        file.read()
    assert SecretFile(file.path, readable_by_others=True).read() == Secret(VALUE)


def test_a_secret_behind_a_link_is_replaced_where_it_is(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    SecretFile(target).write(Secret("old"))
    link.symlink_to(target)
    SecretFile(link).write(Secret("new"))
    assert link.is_symlink()
    assert SecretFile(target).read() == Secret("new")


def test_a_session_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = SessionFile(tmp_path / "session.json")
    assert file.load() is None
    session = StoredSession(Secret(TOKEN), 1.0, Secret("lxgref_token"), {"email": "anna@example.com"})
    file.save(session)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.load() == session
    assert TOKEN not in repr(session)
    assert TOKEN not in repr(UserSession(store=file))
    file.path.write_text(json.dumps({"access": "half"}))
    assert file.load() is None


@pytest.mark.parametrize("url", ["http://api.example.com", "ftp://localhost", "https://user:word@example.com", "x"])
def test_secrets_are_not_sent_to_an_unsafe_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|HTTPS"):
        Connection(url)
