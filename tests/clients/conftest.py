"""The services that foreign clients talk to: one for each algorithm, each terminating TLS itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import ServerFactory
from harness.clients import ALL_SCOPES
from harness.server import Server
from harness.tls import ADDRESS, self_signed

ALGORITHMS = ("HS256", "ES256", "EdDSA", "RS256")


@dataclass(frozen=True)
class Service:
    """A running service, and an OAuth client of its one account."""

    server: Server
    url: str
    certificate: Path
    client_id: str
    client_secret: str

    @property
    def token_url(self) -> str:
        return self.url + "/api/v1/oauth/token"

    def document(self, path: str) -> dict[str, Any]:
        answer = requests.get(self.url + path, verify=str(self.certificate), timeout=10)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def token(self) -> str:
        """An access token, fetched plainly."""
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}
        answer = requests.post(self.token_url, form, verify=str(self.certificate), timeout=10)
        assert answer.status_code == 200, answer.text
        return self.server.vault.remember("access token", answer.json()["access_token"])


def _with_client(server: Server, url: str, certificate: Path) -> Service:
    """Start the server; its Owner signs in and creates a client, over TLS."""
    owner = server.bootstrap("Acme GmbH").owner
    server.start()
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(certificate)
        body = {"email": owner.email, "password": owner.password}
        signed_in = session.post(f"{url}/api/v1/auth/login", json=body, timeout=30).json()["data"]
        server.vault.remember("refresh token", signed_in["refreshToken"])
        headers = {"Authorization": "Bearer " + server.vault.remember("access token", signed_in["accessToken"])}
        wanted = {"client_name": "Foreign", "scope": ALL_SCOPES}
        made = session.post(f"{url}/api/v1/oauth/clients", json=wanted, headers=headers, timeout=10).json()
    secret = server.vault.remember("client secret", made["client_secret"])
    return Service(server, url, certificate, made["client_id"], secret)


@pytest.fixture(scope="session", params=ALGORITHMS)
def service(
    request: pytest.FixtureRequest, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service that signs with one algorithm."""
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"))
    server = new_server(LINKXG_TOKEN_ALGORITHM=request.param, LINKXG_TLS_CERT=str(certificate), LINKXG_TLS_KEY=str(key))
    url = f"https://{ADDRESS}:{server.port}"
    server.environment["LINKXG_PUBLIC_URL"] = url
    try:
        yield _with_client(server, url, certificate)
        server.stop()
        assert server.vault.found_in(server.log_text()) == set()
    finally:
        server.close()


@pytest.fixture
def algorithm(request: pytest.FixtureRequest, service: Service) -> str:
    """The algorithm of the service of this test."""
    return str(request.node.callspec.params["service"])
