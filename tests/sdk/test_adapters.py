"""The authentication in any httpx client and in requests; forks; retries; what it costs."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

import httpx
import pytest
import requests

from harness.clients import OAuthClient, revoke
from harness.world import World
from linkxg_client import (
    AsyncLinkXG,
    ClientCredentials,
    Connection,
    LinkXG,
    NotFound,
    RateLimited,
    RetryPolicy,
    ServiceUnavailable,
    UnexpectedOrigin,
)
from linkxg_client.call import Call, json_of
from linkxg_client.requests_auth import RequestsAuth
from sdk.doubles import FakeClock, Recorder, ShiftedClock, token_answer
from sdk.processes import run

pytestmark = pytest.mark.any_engine
PRODUCTS = "/api/v1/products"
LARGEST_OVERHEAD_S = 30e-6


def test_any_httpx_client_authenticates(
    world: World, oauth: OAuthClient, credentials: ClientCredentials, recorder: Recorder
) -> None:
    url = world.server.url + PRODUCTS
    with httpx.Client(auth=credentials.auth("products:read")) as client:
        assert client.get(url).status_code == 200
        revoke(world.api, oauth, credentials.token("products:read").reveal()).expect(200)
        assert client.get(url).status_code == 200

    async def main() -> int:
        async with httpx.AsyncClient(auth=credentials.auth("products:read")) as client:
            return (await client.get(url)).status_code

    assert asyncio.run(main()) == 200
    assert recorder.tokens == 2


def test_a_body_that_cannot_be_sent_again_is_not_repeated(
    world: World, oauth: OAuthClient, credentials: ClientCredentials
) -> None:
    token = credentials.token("products:write")
    revoke(world.api, oauth, token.reveal()).expect(200)
    with httpx.Client(auth=credentials.auth("products:write")) as client:
        answer = client.post(world.server.url + PRODUCTS, content=iter([b"{}"]))
    assert answer.status_code == 401


@pytest.mark.parametrize("url", ["https://api.linkxg.com/api/v1/products", "http://127.0.0.1:9/api/v1/products"])
def test_no_token_is_sent_to_another_host(credentials: ClientCredentials, recorder: Recorder, url: str) -> None:
    with httpx.Client(auth=credentials.auth()) as client, pytest.raises(UnexpectedOrigin):
        client.get(url)
    with requests.Session() as session, pytest.raises(UnexpectedOrigin):
        session.get(url, auth=RequestsAuth(credentials))
    assert recorder.requests == []


def test_requests_authenticates(
    world: World, oauth: OAuthClient, credentials: ClientCredentials, recorder: Recorder
) -> None:
    auth = RequestsAuth(credentials, "products:read")
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(world.server.url + PRODUCTS, auth=auth).status_code == 200
        revoke(world.api, oauth, credentials.token("products:read").reveal()).expect(200)
        answer = session.get(world.server.url + PRODUCTS, auth=auth)
        assert [each.status_code for each in (*answer.history, answer)] == [401, 200]
    assert recorder.tokens == 2


def test_a_client_works_in_a_forked_process(world: World, oauth: OAuthClient) -> None:
    """A thread fetches a token while the process forks: its lock and its connections are not the child's."""
    output = run(
        """
        import os, sys, threading
        from linkxg_client import ClientCredentials, Connection, LinkXG
        credentials = ClientCredentials(sys.argv[1], sys.argv[2], connection=Connection(sys.argv[3]))
        client = LinkXG(credentials)
        cache = credentials.tokens("products:read")
        list(client.products.list(sku="none"))
        held, done = threading.Event(), threading.Event()

        def hold():
            with cache._lock:
                held.set()
                done.wait()

        threading.Thread(target=hold).start()
        held.wait()
        children = []
        for number in range(3):
            child = os.fork()
            if child == 0:
                cache.forget()
                list(client.products.list(sku="none"))
                os._exit(0)
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        done.set()
        list(client.products.list(sku="none"))
        client.close()
        print(codes)
        """,
        oauth.client_id, oauth.client_secret, world.server.url,
    )  # fmt: skip
    assert output.strip() == "[0, 0, 0]"


def test_a_storm_of_429_is_waited_out(credentials: ClientCredentials, recorder: Recorder) -> None:
    """Twenty requests in each second are served, all others are told to come back."""
    served: list[float] = []

    def admit(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/products"):
            return None
        now = time.monotonic()
        if sum(now - each < 1 for each in served) >= 20:
            return httpx.Response(429, headers={"Retry-After": "1"}, json={"error": "rate_limit_exceeded"})
        served.append(now)
        return None

    recorder.fault = admit

    async def main() -> None:
        async with AsyncLinkXG(credentials, retry=RetryPolicy(attempts=20)) as client:

            async def work() -> None:
                async for _ in client.products.list(sku="none"):
                    raise AssertionError

            await asyncio.gather(*(work() for _ in range(100)))

    asyncio.run(main())
    assert len(served) == 100
    assert recorder.tokens == 1
    assert recorder.count("/products") < 600


def test_a_token_endpoint_that_limits_is_asked_by_one(fresh_world: Callable[..., World]) -> None:
    """Its budget is six tokens a minute; a hundred tasks need one."""
    world = fresh_world(LINKXG_LIMIT_SCALE="0.01")
    oauth, recorder = world.new_client(), Recorder()
    connection = Connection(world.server.url, async_transport=recorder.async_transport)
    credentials = ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection)

    async def main() -> None:
        await asyncio.gather(*(credentials.atoken("products:read") for _ in range(100)))

    asyncio.run(main())
    assert recorder.tokens == 1


@pytest.mark.parametrize(
    ("status", "fields", "attempts", "waits"),
    [
        (429, {"Retry-After": "7"}, 8, (7.0, 8.0)),
        (503, {"Retry-After": "2"}, 8, (2.0, 2.5)),
        (503, {}, 8, (0.1, 8.0)),
        (429, {"Retry-After": "61"}, 1, None),
        (500, {"Retry-After": "1"}, 1, None),
        (404, {"Retry-After": "1"}, 1, None),
    ],
)
def test_what_is_repeated_and_when(
    status: int, fields: dict[str, str], attempts: int, waits: tuple[float, float] | None
) -> None:
    recorder, clock = Recorder(), FakeClock()

    def answer(request: httpx.Request) -> httpx.Response:
        return token_answer() if request.url.path.endswith("/token") else httpx.Response(status, headers=fields)

    recorder.fault = answer
    connection = Connection("http://127.0.0.1:1", transport=recorder.transport, clock=clock)
    with LinkXG(ClientCredentials("client", "secret", connection=connection)) as client:
        with pytest.raises((RateLimited, ServiceUnavailable, NotFound, Exception)) as raised:
            client.products.get("any")
        assert getattr(raised.value, "status", None) == status
    assert recorder.count("/products/any") == attempts
    assert len(clock.slept) == attempts - 1
    if waits is not None:
        assert all(waits[0] <= pause <= waits[1] for pause in clock.slept), clock.slept


def test_a_change_without_a_key_is_not_repeated_when_its_answer_is_lost() -> None:
    recorder = Recorder()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return token_answer()
        raise httpx.ReadError("lost")

    recorder.fault = answer
    connection = Connection("http://127.0.0.1:1", transport=recorder.transport, clock=FakeClock())
    with LinkXG(ClientCredentials("client", "secret", connection=connection)) as client:
        for method, attempts in (("PATCH", 1), ("GET", 8), ("POST", 8)):
            recorder.requests.clear()
            with pytest.raises(Exception, match="ReadError"):
                client.perform(Call(method, "/any", "products:write", json_of))
            assert recorder.count("/any") == attempts


def test_a_token_survives_a_restart_of_the_service(fresh_world: Callable[..., World]) -> None:
    world = fresh_world()
    oauth, recorder = world.new_client(), Recorder()
    connection = Connection(world.server.url, transport=recorder.transport, clock=ShiftedClock())
    with LinkXG(ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection)) as client:
        list(client.products.list(sku="none"))
        world.server.stop()
        starting = world.server.launch()
        assert starting.running
        # While it starts nobody listens: the request is repeated until somebody does.
        list(client.products.list(sku="none"))
        world.server.wait_until_started()
    assert recorder.tokens == 1


def test_authentication_costs_little() -> None:
    """At most 30 µs for each request over bare httpx."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(lambda _: token_answer()))
    credentials = ClientCredentials("client", "secret", connection=connection)
    url = "http://127.0.0.1:1" + PRODUCTS
    with httpx.Client(transport=transport) as bare, httpx.Client(transport=transport, auth=credentials.auth()) as ours:
        differences = []
        for _ in range(15):
            seconds = []
            for client in (bare, ours):
                client.get(url)
                began = time.process_time()
                for _ in range(200):
                    client.get(url)
                seconds.append((time.process_time() - began) / 200)
            differences.append(seconds[1] - seconds[0])
    assert statistics.median(differences) < LARGEST_OVERHEAD_S, differences
