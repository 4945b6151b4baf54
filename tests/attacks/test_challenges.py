"""Clients that send credentials only after a challenge, and malformed credentials. RFC 6749 §5.2, RFC 7617."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from urllib.parse import urlencode

import pytest

from attacks.cases import case, challenge, post_form
from harness.client import FORM_TYPE
from harness.people import login
from harness.raw_http import request_bytes, response_statuses, send_bytes
from harness.world import World

FORMS = {
    "/oauth/token": {"grant_type": "client_credentials"},
    "/oauth/introspect": {"token": "abc"},
    "/oauth/revoke": {"token": "abc"},
}
PATHS = [case(16, path, path) for path in FORMS]


@pytest.mark.parametrize("path", PATHS)
def test_curl_with_anyauth_authenticates(world: World, path: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl here")
    done = subprocess.run(
        [curl, "-sS", "--fail", "--anyauth", "-K", "-", "-d", urlencode(FORMS[path]), f"{world.api.url}/api/v1{path}"],
        input=f'user = "{world.oauth.client_id}:{world.oauth.client_secret}"\n',
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if path == "/oauth/token":
        world.vault.remember("access token", json.loads(done.stdout)["access_token"])


@pytest.mark.parametrize("path", PATHS)
def test_urllib_authenticates_after_the_challenge(world: World, path: str) -> None:
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, world.api.url, world.oauth.client_id, world.oauth.client_secret)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPBasicAuthHandler(passwords)
    )
    with opener.open(f"{world.api.url}/api/v1{path}", urlencode(FORMS[path]).encode(), timeout=30) as response:
        body = response.read()
    if path == "/oauth/token":
        world.vault.remember("access token", json.loads(body)["access_token"])


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_authorization_header_counts_as_absent_for_clients(world: World, path: str) -> None:
    form = FORMS[path] | {"client_id": world.oauth.client_id, "client_secret": world.oauth.client_secret}
    world.api.post(path, form=form, headers=[("Authorization", "")], reveals=True).expect(200)
    answer = world.api.post(path, form=FORMS[path], headers=[("Authorization", "")]).expect(401, "invalid_client")
    assert challenge(answer).startswith("Basic realm=")


@pytest.mark.parametrize("path", [case(35, name, name) for name in ("/products", "/auth/me", "/account")])
def test_an_empty_authorization_header_counts_as_absent_for_bearers(world: World, path: str) -> None:
    answer = world.api.get(path, headers=[("Authorization", "")]).expect(401, "invalid_token")
    assert "error=" not in challenge(answer)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("coding", [case("L10", name, name) for name in ("gzip", "br", "unknown", "identity, gzip")])
def test_a_compressed_form_is_unsupported_media_type(world: World, path: str, coding: str) -> None:
    form = FORMS[path] | {"client_id": world.oauth.client_id, "client_secret": world.oauth.client_secret}
    answer = world.api.post(path, form=form, headers=[("Content-Encoding", coding)])
    answer.expect(415, "unsupported_media_type")
    assert answer.header("accept-encoding") == "identity"
    world.api.post(path, form=form, headers=[("Content-Encoding", "identity")], reveals=True).expect(200)


def test_a_compressed_form_of_the_console_is_refused(world: World) -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Type", FORM_TYPE), ("Sec-Fetch-Site", "same-origin")]
    assert response_statuses(
        send_bytes(world.api, request_bytes(world.api, "POST", "/sign-in", headers, b"email=a"))
    ) == [415]


def test_a_failed_login_has_a_bearer_challenge(world: World) -> None:
    answer = login(world.api, "nobody@example.test", world.vault.password()).expect(401, "invalid_credentials")
    assert challenge(answer).startswith("Bearer realm=")
    post_form(world, b"grant_type=client_credentials&client_id=a").expect(400, "invalid_request")
