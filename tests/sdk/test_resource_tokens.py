"""Tokens of the library for a service behind `linkxg-guard` (RFC 8707): sent there, and nowhere else."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import requests

from guard import readme as guard_readme
from guard.guarded import REVOKED_WITHIN_S, until
from harness.clients import OAuthClient, make_resource_server, revoke
from harness.processes import Process, free_port
from harness.token_forge import decode
from harness.world import World
from linkxg_client import (
    AsyncLinkXG,
    ClientCredentials,
    Connection,
    DpopKey,
    LinkXG,
    Secret,
    SecretFile,
    UnexpectedOrigin,
)
from linkxg_client.access_token import AccessToken
from linkxg_client.requests_auth import RequestsAuth
from sdk.doubles import ShiftedClock, token_answer

pytestmark = pytest.mark.any_engine
EXAMPLE = "https://orders.example"


@contextmanager
def fastapi_service(world: World, folder: Path) -> Iterator[str]:
    """The origin of the FastAPI service of the guard's page, which accepts bound tokens too."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    registered = make_resource_server(world.api, world.owner, f"{origin}/api")
    script = folder / "service.py"
    script.write_text(guard_readme.program("fastapi", port, bound=True).replace(EXAMPLE, origin))
    environment = os.environ | {
        "LINKXG_URL": world.server.url,
        "GUARD_CLIENT_ID": registered.client_id,
        "GUARD_CLIENT_SECRET": registered.client_secret,
    }
    process = Process(
        "guarded service", [sys.executable, str(script)], environment=environment, working_directory=folder
    )
    try:
        process.wait_for(lambda line: "Uvicorn running" in line)
        yield origin
    finally:
        process.stop()


def check_readme(world: World, oauth: OAuthClient, folder: Path, origin: str) -> None:
    """The snippet as it stands, but for the address; and with tokens that are bound to a key."""
    plain = guard_readme.snippets()["caller"].replace(EXAMPLE, origin)
    bound = plain.replace("    resource=", "    dpop=DpopKey(),\n    resource=").replace(
        "ction\n", "ction, DpopKey\n", 1
    )
    environment = os.environ | {
        "LINKXG_URL": world.server.url,
        "LINKXG_CLIENT_ID": oauth.client_id,
        "LINKXG_CLIENT_SECRET": oauth.client_secret,
    }
    for text in (plain, bound):
        script = folder / "caller.py"
        script.write_text(text)
        done = subprocess.run(
            [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout) == (0, f"{oauth.client_id}\n"), done.stderr


def is_answered_with_another(http: httpx.Client, url: str, credentials: ClientCredentials, old: AccessToken) -> bool:
    assert http.get(url).status_code == 200
    return credentials.token("products:read") is not old


def test_a_guarded_service_is_called(world: World, oauth: OAuthClient, connection: Connection, tmp_path: Path) -> None:
    secret = SecretFile(tmp_path / "secret")
    secret.write(Secret(oauth.client_secret))
    with fastapi_service(world, tmp_path) as origin:
        check_readme(world, oauth, tmp_path, origin)
        orders = f"{origin}/orders"
        for dpop in (None, DpopKey()):
            api = ClientCredentials(oauth.client_id, secret, connection=connection, dpop=dpop)
            credentials = api.for_resource(f"{origin}/api")
            auth = credentials.auth("products:read")

            async def main(auth: httpx.Auth = auth) -> int:
                async with httpx.AsyncClient(auth=auth, trust_env=False) as http:
                    return (await http.get(orders, params={"limit": "1"})).status_code

            with httpx.Client(auth=auth, trust_env=False) as http, requests.Session() as session:
                session.trust_env = False
                assert http.get(orders).json() == {"caller": oauth.client_id}
                assert asyncio.run(main()) == 200
                assert session.get(orders, auth=RequestsAuth(credentials, "products:read")).status_code == 200
                for other in (f"{world.server.url}/api/v1/products", "http://127.0.0.1:1/orders", EXAMPLE):
                    with pytest.raises(UnexpectedOrigin):
                        http.get(other)
                    with pytest.raises(UnexpectedOrigin):
                        session.get(other, auth=RequestsAuth(credentials))
                with pytest.raises(UnexpectedOrigin):
                    http.get(orders, auth=api.auth("products:read"))
                revoked = credentials.token("products:read")
                revoke(world.api, oauth, revoked.reveal()).expect(200)
                until(partial(is_answered_with_another, http, orders, credentials, revoked), REVOKED_WITHIN_S)
            # The secret is replaced by a token for the API, whatever the others are for.
            assert credentials.rotate_secret().rotated
            world.vault.remember("client secret", secret.read().reveal())


def test_the_api_is_not_called_with_tokens_for_another_service(
    world: World, oauth: OAuthClient, credentials: ClientCredentials
) -> None:
    for_orders = credentials.for_resource(f"{EXAMPLE}/api")
    for kind in (LinkXG, AsyncLinkXG):
        with pytest.raises(ValueError, match=r"orders\.example"):
            kind(for_orders)
    for unsafe in ("http://orders.example/api", "https://user@orders.example", "orders"):
        with pytest.raises(ValueError, match=r"HTTPS|address"):
            credentials.for_resource(unsafe)


def test_the_nonces_of_a_service_are_its_own(clock: ShiftedClock) -> None:
    """A service with another guard may demand nonces (RFC 9449 §9); that of LinkXG is not sent there."""
    nonces: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        nonce = json.loads(decode(request.headers["DPoP"].split(".")[1])).get("nonce")
        nonces.append((request.url.host, nonce))
        own = f"{request.url.host}-1"
        if nonce == own:
            bound = token_answer().json() | {"token_type": "DPoP"}
            return httpx.Response(200, json=bound, headers={"DPoP-Nonce": own})
        challenge = {"DPoP-Nonce": own, "WWW-Authenticate": 'DPoP realm="x", error="use_dpop_nonce"'}
        return httpx.Response(
            400 if request.url.path.endswith("/token") else 401, headers=challenge, json={"error": "use_dpop_nonce"}
        )

    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(answer), clock=clock)
    credentials = ClientCredentials(
        "client", "secret", connection=connection, dpop=DpopKey(), resource=f"{EXAMPLE}/api"
    )
    with httpx.Client(auth=credentials.auth(), transport=httpx.MockTransport(answer)) as http:
        assert http.get(f"{EXAMPLE}/orders").status_code == 200
        assert http.get(f"{EXAMPLE}:443/orders").status_code == 200
    assert nonces == [
        ("127.0.0.1", None), ("127.0.0.1", "127.0.0.1-1"),
        ("orders.example", None), ("orders.example", "orders.example-1"), ("orders.example", "orders.example-1"),
    ]  # fmt: skip
