"""Tokens of the library that are bound to a key: a proof with each request, whatever is repeated."""

from __future__ import annotations

import asyncio
import json
import pickle
import statistics
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from harness.client_assertions import make_key_client, set_methods
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, revoke
from harness.token_forge import decode, decode_unverified
from harness.world import World
from linkxg_client import (
    ApiError,
    AsyncLinkXG,
    ClientAssertions,
    ClientCredentials,
    Connection,
    DpopKey,
    InvalidClient,
    LinkXG,
    PrivateKeyJwt,
    Secret,
    SecretFile,
    UnexpectedAnswer,
    credentials_from_environment,
)
from linkxg_client.requests_auth import RequestsAuth
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock, token_answer

pytestmark = pytest.mark.any_engine
PRODUCTS = "/api/v1/products"
LARGEST_PROOF_S = 2e-3


class Wire(Recorder):
    """Notes the proofs that are sent, and may lose the answers to requests that were done."""

    def __init__(self) -> None:
        super().__init__(self._look)
        self.proofs: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.lose: dict[str, int] = {}

    def _look(self, request: httpx.Request) -> None:
        assert len(request.headers.get_list("DPoP")) == 1
        self.proofs.append(json.loads(decode(request.headers["DPoP"].split(".")[1])))
        self.paths.append(request.url.path)

    def transport(self) -> httpx.BaseTransport:
        inner, wire = super().transport(), self

        class Losing(httpx.BaseTransport):
            def handle_request(self, request: httpx.Request) -> httpx.Response:
                response = inner.handle_request(request)
                for path, left in wire.lose.items():
                    if left and request.url.path.endswith(path):
                        wire.lose[path] -= 1
                        response.read()
                        response.close()
                        raise httpx.ReadError("lost")
                return response

            def close(self) -> None:
                inner.close()

        return Losing()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def bound(world: World, wire: Wire, clock: ShiftedClock) -> ClientCredentials:
    """Of a client that gets no other tokens."""
    oauth = world.new_client()
    path = f"/oauth/clients/{oauth.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"dpop_bound_access_tokens": True}).expect(200)
    return credentials_of(oauth, world, wire, clock)


def credentials_of(oauth: OAuthClient, world: World, wire: Recorder, clock: ShiftedClock) -> ClientCredentials:
    connection = connect(world.server.url, wire, clock)
    return ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection, dpop=DpopKey())


def check_proofs(wire: Wire, world: World) -> None:
    """Each request had a proof of its own, for itself."""
    assert len({proof["jti"] for proof in wire.proofs}) == len(wire.proofs) == len(wire.requests)
    for (method, path), proof in zip(wire.requests, wire.proofs, strict=True):
        assert (proof["htm"], proof["htu"]) == (method, world.server.url + path)
        assert ("ath" in proof) == (not path.endswith("/oauth/token"))


def test_each_request_has_a_proof(world: World, bound: ClientCredentials, wire: Wire) -> None:
    with LinkXG(bound) as client:
        client.products.create("DPOP-1", {"name": "Drill & saw"})
        assert [each.sku for each in client.products.list(sku="DPOP-1")] == ["DPOP-1"]
        assert list(client.products.list(q="a b/c?d")) == []
    token = bound.token("products:read")
    assert bound.auth("products:read")._tokens.current() is token
    assert token.dpop is not None
    assert decode_unverified(token.reveal())[1]["cnf"] == {"jkt": token.dpop.thumbprint}
    # The first request of all had no nonce; from then on each had the last one of the service.
    assert [proof.get("nonce") is None for proof in wire.proofs] == [True] + [False] * (len(wire.proofs) - 1)
    assert wire.tokens == 3
    check_proofs(wire, world)


def test_tasks_share_a_token_and_each_has_its_proof(world: World, bound: ClientCredentials, wire: Wire) -> None:
    async def main() -> None:
        async with AsyncLinkXG(bound) as client:

            async def read() -> None:
                async for _ in client.products.list(sku="none"):
                    raise AssertionError

            await asyncio.gather(*(read() for _ in range(50)))

    asyncio.run(main())
    assert (wire.tokens, wire.count("/products")) == (2, 50)
    check_proofs(wire, world)


def test_any_httpx_client_and_requests_send_proofs(world: World, bound: ClientCredentials, wire: Wire) -> None:
    url = world.server.url + PRODUCTS
    sent: list[str] = []
    hooks = {"request": [lambda request: sent.append(request.headers.get("DPoP"))]}

    async def main() -> int:
        async with httpx.AsyncClient(auth=bound.auth("products:read"), trust_env=False) as client:
            return (await client.get(url, params={"limit": "1"})).status_code

    with httpx.Client(auth=bound.auth("products:read"), trust_env=False, event_hooks=hooks) as client:
        assert [client.get(url, params={"limit": "1"}).status_code for _ in range(2)] == [200, 200]
    assert asyncio.run(main()) == 200
    with requests.Session() as session:
        session.trust_env = False
        auth = RequestsAuth(bound, "products:read")
        answers = [session.get(url, auth=auth, params={"limit": "1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert str(answers[0].request.headers["Authorization"]).startswith("DPoP ")
    assert answers[0].request.headers["DPoP"] != answers[1].request.headers["DPoP"]
    assert wire.tokens == 2


def forget_nonces(credentials: ClientCredentials) -> None:
    dpop = credentials.token("products:read").dpop
    assert dpop is not None
    dpop._nonces.clear()


def test_the_api_demands_a_nonce_and_the_request_is_repeated_once(
    world: World, bound: ClientCredentials, wire: Wire
) -> None:
    url = world.server.url + PRODUCTS
    with LinkXG(bound) as client:
        forget_nonces(bound)
        wire.requests.clear()
        wire.proofs.clear()
        assert list(client.products.list(sku="none")) == []
        assert [("nonce" in proof) for proof in wire.proofs] == [False, True]
        check_proofs(wire, world)

    async def main() -> int:
        async with httpx.AsyncClient(auth=bound.auth("products:read"), trust_env=False) as client:
            return (await client.get(url)).status_code

    forget_nonces(bound)
    assert asyncio.run(main()) == 200
    forget_nonces(bound)
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, auth=RequestsAuth(bound, "products:read"))
    assert [each.status_code for each in (*answer.history, answer)] == [401, 200]


def test_a_service_that_demands_nonces_for_ever_is_asked_twice(clock: ShiftedClock) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        nonce = {"DPoP-Nonce": f"n{len(seen)}"}
        if request.url.path.endswith("/bound"):
            challenge = {"WWW-Authenticate": 'DPoP realm="x", error="use_dpop_nonce"'}
            return httpx.Response(401, headers=nonce | challenge, json={"error": "use_dpop_nonce"})
        if request.url.path.endswith("/token") and "works" in str(request.headers.get("authorization")):
            return httpx.Response(200, json=token_answer().json() | {"token_type": "DPoP"})
        return httpx.Response(400, headers=nonce, json={"error": "use_dpop_nonce"})

    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(answer), clock=clock)
    dpop = DpopKey()
    with pytest.raises(ApiError, match="use_dpop_nonce"):
        ClientCredentials("client", "secret", connection=connection, dpop=dpop).token()
    assert len(seen) == 2

    def works(request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = "works"
        return answer(request)

    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(works), clock=clock)
    client = LinkXG(ClientCredentials("client", "secret", connection=connection, dpop=dpop))
    with client, pytest.raises(ApiError, match="use_dpop_nonce"):
        client.request("GET", "/bound", scope="products:read")
    assert seen[2:] == ["/api/v1/oauth/token", "/api/v1/bound", "/api/v1/bound"]


def test_after_lost_answers_there_are_new_proofs(world: World, bound: ClientCredentials, wire: Wire) -> None:
    """The service has used up the proof of a request whose answer was lost."""
    with LinkXG(bound) as client:
        wire.lose = {"/products": 2}
        assert list(client.products.list(sku="none")) == []
        wire.lose = {"/products": 1}
        created = client.products.create("DPOP-LOST", {"name": "Drill"})
        assert client.products.by_sku("DPOP-LOST").id == created.id
    assert wire.lose == {"/products": 0}
    check_proofs(wire, world)


def test_a_revoked_token_is_replaced(world: World, bound: ClientCredentials, wire: Wire) -> None:
    with LinkXG(bound) as client:
        list(client.products.list(sku="none"))
        oauth = OAuthClient(bound.client_id, bound._source.read().reveal(), "", "")
        revoke(world.api, oauth, bound.token("products:read").reveal()).expect(200)
        assert list(client.products.list(sku="none")) == []
    assert wire.count("/products") == 3
    check_proofs(wire, world)


def test_the_secret_of_a_bound_client_is_rotated(world: World, wire: Wire, clock: ShiftedClock, tmp_path: Path) -> None:
    oauth, file = world.new_client(), SecretFile(tmp_path / "secret")
    file.write(Secret(oauth.client_secret))
    connection = connect(world.server.url, wire, clock)
    credentials = ClientCredentials(oauth.client_id, file, connection=connection, dpop=DpopKey())
    credentials.token()
    forget_nonces(credentials)
    assert credentials.rotate_secret().rotated
    world.vault.remember("client secret", file.read().reveal())
    assert file.read() != Secret(oauth.client_secret)


def test_a_key_for_authentication_and_one_for_proofs(world: World, clock: ShiftedClock) -> None:
    machine, wire = make_key_client(world), Wire()
    set_methods(world.api, world.owner, machine.client_id, ["private_key_jwt"]).expect(200)
    key = PrivateKeyJwt(machine.key.as_pem(private=True).decode(), kid=machine.key.kid)
    connection = connect(world.server.url, wire, clock)
    credentials = ClientCredentials(machine.client_id, key, connection=connection, dpop=DpopKey())
    with LinkXG(credentials) as client:
        assert list(client.products.list(sku="none")) == []
    assert wire.tokens == 2


def test_the_file_of_a_projected_token_serves_a_nonce_challenge_too(
    world: World, clock: ShiftedClock, tmp_path: Path
) -> None:
    """Security rule 302: the challenge leaves the token unused; the platform replaces the file after minutes only."""
    machine, wire, file = make_key_client(world), Wire(), tmp_path / "token"
    set_methods(world.api, world.owner, machine.client_id, ["private_key_jwt"]).expect(200)
    file.write_text(machine.assertion())
    source = ClientAssertions(SecretFile(file, readable_by_others=True))
    connection = connect(world.server.url, wire, clock)
    credentials = ClientCredentials(machine.client_id, source, connection=connection, dpop=DpopKey())
    with LinkXG(credentials, scope="products:read") as client:
        assert list(client.products.list(sku="none")) == []
    assert [("nonce" in proof) for proof in wire.proofs[:2]] == [False, True]
    assert wire.tokens == 2
    with pytest.raises(InvalidClient):
        credentials.token("dpp:read")
    file.write_text(machine.assertion())
    assert credentials.token("dpp:read").dpop is not None


def test_a_key_may_be_given(world: World, wire: Wire, clock: ShiftedClock, tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "key.pem")
    file.write(Secret(ClientCertificate().key_pem))
    assert DpopKey(file).thumbprint == DpopKey(file).thumbprint != DpopKey().thumbprint
    oauth, connection = world.new_client(), connect(world.server.url, wire, clock)
    token = ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection, dpop=DpopKey(file)).token()
    # Another process with the same key may use the token.
    assert decode_unverified(token.reveal())[1]["cnf"] == {"jkt": DpopKey(file).thumbprint}


def test_the_environment_asks_for_bound_tokens(
    world: World, oauth: OAuthClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "URL": world.server.url,
        "CLIENT_ID": oauth.client_id,
        "CLIENT_SECRET": oauth.client_secret,
    }.items():
        monkeypatch.setenv(f"LINKXG_{name}", value)
    assert credentials_from_environment().token().dpop is None
    monkeypatch.setenv("LINKXG_DPOP", "1")
    assert credentials_from_environment().token().header.startswith("DPoP ")


def test_a_token_that_is_not_bound_is_not_used(clock: ShiftedClock) -> None:
    """RFC 9449 §5: the service has not understood the proof."""
    connection = Connection(
        "http://127.0.0.1:1", transport=lambda: httpx.MockTransport(lambda _: token_answer()), clock=clock
    )
    with pytest.raises(UnexpectedAnswer, match="bound to the key"):
        ClientCredentials("client", "secret", connection=connection, dpop=DpopKey()).token()


def test_the_key_of_the_proofs_shows_itself_nowhere() -> None:
    key = DpopKey()
    assert key.thumbprint in repr(key)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(key)
    assert "object at" not in repr(vars(key))


def test_a_proof_costs_little() -> None:
    key, clock, url = DpopKey(), ShiftedClock(), httpx.URL("https://api.linkxg.com/api/v1/products?limit=1")
    seconds = []
    for _ in range(50):
        began = time.process_time()
        key.proof("GET", url, clock)
        seconds.append(time.process_time() - began)
    assert statistics.median(seconds) < LARGEST_PROOF_S
