"""One token for all threads and tasks, renewed ahead of its end, replaced once when it is rejected."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.clients import OAuthClient, revoke
from harness.token_forge import decode_unverified
from harness.world import World
from linkxg_client import (
    AsyncLinkXG,
    ClientCredentials,
    Connection,
    ConnectionFailed,
    InvalidClient,
    InvalidScope,
    InvalidToken,
    LinkXG,
    UnexpectedAnswer,
)
from sdk.doubles import UNAUTHORIZED, FakeClock, Recorder, ShiftedClock, token_answer

pytestmark = pytest.mark.any_engine
TASKS = 1_000


def test_a_thousand_tasks_fetch_one_token(credentials: ClientCredentials, recorder: Recorder) -> None:
    async def main() -> list[str]:
        async with AsyncLinkXG(credentials) as client:
            await asyncio.gather(*(_missing(client) for _ in range(50)))
            tokens = await asyncio.gather(*(credentials.atoken("products:read") for _ in range(TASKS)))
            return [token.reveal() for token in tokens]

    assert len(set(asyncio.run(main()))) == 1
    assert recorder.tokens == 1


async def _missing(client: AsyncLinkXG) -> None:
    async for _ in client.products.list(sku="none"):
        raise AssertionError


def test_a_hundred_threads_fetch_one_token(credentials: ClientCredentials, recorder: Recorder) -> None:
    with LinkXG(credentials) as client, ThreadPoolExecutor(100) as pool:
        assert list(pool.map(lambda _: list(client.products.list(sku="none")), range(200))) == [[]] * 200
    assert recorder.tokens == 1


def test_threads_and_tasks_share_one_token(credentials: ClientCredentials, recorder: Recorder) -> None:
    with ThreadPoolExecutor(20) as pool:
        others = [pool.submit(credentials.token, "products:read") for _ in range(20)]

        async def main() -> None:
            await asyncio.gather(*(credentials.atoken("products:read") for _ in range(20)))

        asyncio.run(main())
        assert len({future.result().reveal() for future in others}) == 1
    assert recorder.tokens == 1


def test_a_request_asks_for_the_scope_that_it_takes(credentials: ClientCredentials, recorder: Recorder) -> None:
    with LinkXG(credentials) as client:
        list(client.products.list(sku="none"))
        list(client.connections.list(limit=1))
        list(client.products.list(sku="none"))
    assert recorder.tokens == 2
    _, claims = decode_unverified(credentials.token("products:read").reveal())
    assert claims["scope"] == "products:read"


def test_a_client_with_scopes_of_its_own_uses_one_token(credentials: ClientCredentials, recorder: Recorder) -> None:
    with LinkXG(credentials, scope="products:read connections:read") as client:
        list(client.products.list(sku="none"))
        list(client.connections.list(limit=1))
    assert recorder.tokens == 1
    assert credentials.token("connections:read products:read").scope == "products:read connections:read"
    assert recorder.tokens == 1


def test_a_token_is_renewed_before_it_expires(
    credentials: ClientCredentials, recorder: Recorder, clock: ShiftedClock
) -> None:
    first = credentials.token("products:read").reveal()
    clock.ahead = 770
    assert credentials.token("products:read").reveal() == first
    clock.ahead = 840
    assert credentials.token("products:read").reveal() != first
    assert recorder.tokens == 2


def test_many_clients_do_not_renew_in_the_same_second() -> None:
    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(lambda _: token_answer()))
    moments = [
        ClientCredentials("client", "secret", connection=connection).token().refresh_at - connection.clock.now()
        for _ in range(50)
    ]
    assert 760 < min(moments) < 800 < max(moments) < 840


def test_the_token_in_use_outlives_a_failure_of_the_token_endpoint(
    credentials: ClientCredentials, recorder: Recorder, clock: ShiftedClock
) -> None:
    with LinkXG(credentials) as client:
        list(client.products.list(sku="none"))

        def fault(request: httpx.Request) -> None:
            if request.url.path.endswith("/token"):
                raise httpx.ConnectError("refused")

        recorder.fault = fault
        clock.ahead = 860
        for _ in range(20):
            list(client.products.list(sku="none"))
        assert recorder.tokens == 2, "each request asked again"


def test_an_unreachable_service_is_a_failed_connection() -> None:
    clock = FakeClock()

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(fail), clock=clock)
    with pytest.raises(ConnectionFailed, match="ConnectError"):
        ClientCredentials("client", "secret", connection=connection).token()
    assert len(clock.slept) == 7
    assert max(clock.slept) <= 8.0


def test_a_revoked_token_is_replaced_and_the_request_repeated(
    world: World, oauth: OAuthClient, credentials: ClientCredentials, recorder: Recorder
) -> None:
    with LinkXG(credentials) as client:
        list(client.products.list(sku="none"))
        revoke(world.api, oauth, credentials.token("products:read").reveal()).expect(200)
        list(client.products.list(sku="none"))
    assert recorder.tokens == 2


def test_one_rejected_token_is_replaced_once_for_all_tasks(
    world: World, oauth: OAuthClient, credentials: ClientCredentials, recorder: Recorder
) -> None:
    async def main() -> None:
        async with AsyncLinkXG(credentials) as client:
            await _missing(client)
            revoke(world.api, oauth, credentials.tokens("products:read").current().reveal()).expect(200)  # type: ignore[union-attr]
            await asyncio.gather(*(_missing(client) for _ in range(100)))

    asyncio.run(main())
    assert recorder.tokens == 2


def test_tokens_that_are_always_rejected_are_not_fetched_for_each_request() -> None:
    recorder, clock = Recorder(), FakeClock()
    recorder.fault = lambda request: token_answer() if request.url.path.endswith("/token") else UNAUTHORIZED
    connection = Connection("http://127.0.0.1:1", transport=recorder.transport, clock=clock)
    with LinkXG(ClientCredentials("client", "secret", connection=connection)) as client:
        for _ in range(100):
            with pytest.raises(InvalidToken):
                client.products.get("any")
            clock.moment += 1.0
    assert recorder.tokens < 10


def test_the_others_go_on_when_the_task_that_fetches_is_cancelled() -> None:
    fetching = asyncio.Event()
    sent = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        if sent == 1:
            fetching.set()
            await asyncio.sleep(60)
        return token_answer()

    async def main() -> None:
        connection = Connection("http://127.0.0.1:1", async_transport=lambda: httpx.MockTransport(answer))
        credentials = ClientCredentials("client", "secret", connection=connection)
        leader = asyncio.create_task(credentials.atoken())
        await fetching.wait()
        others = [asyncio.create_task(credentials.atoken()) for _ in range(10)]
        await asyncio.sleep(0)
        others[0].cancel()
        leader.cancel()
        await asyncio.gather(*others[1:])
        assert sent == 2

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_blocking_call_within_the_loop_of_the_task_that_fetches_does_not_deadlock() -> None:
    entered = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        entered.set()
        await asyncio.sleep(0.05)
        return token_answer("slow")

    async def main() -> None:
        connection = Connection(
            "http://127.0.0.1:1",
            transport=lambda: httpx.MockTransport(lambda _: token_answer("blocking")),
            async_transport=lambda: httpx.MockTransport(slow),
        )
        credentials = ClientCredentials("client", "secret", connection=connection)
        leader = asyncio.create_task(credentials.atoken())
        await entered.wait()
        assert credentials.token().reveal() == "blocking"
        assert (await leader).reveal() == "slow"

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "deadlock"


def test_a_client_works_in_one_event_loop_after_another(credentials: ClientCredentials, recorder: Recorder) -> None:
    assert len({asyncio.run(credentials.atoken()).reveal() for _ in range(3)}) == 1
    assert recorder.tokens == 1


def test_a_wrong_wall_clock_does_not_matter(world: World, oauth: OAuthClient) -> None:
    for skew in (-7_200.0, 7_200.0):
        recorder = Recorder()
        connection = Connection(world.server.url, transport=recorder.transport, clock=ShiftedClock(skew))
        with LinkXG(ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection)) as client:
            for _ in range(3):
                list(client.products.list(sku="none"))
        assert recorder.tokens == 1


def test_wrong_credentials_and_scopes_are_told_apart(world: World, connection: Connection) -> None:
    narrow = world.new_client("products:read")
    with pytest.raises(InvalidScope) as refused:
        ClientCredentials(narrow.client_id, narrow.client_secret, connection=connection).token("products:write")
    assert refused.value.request_id
    with pytest.raises(InvalidClient, match="Client authentication failed"):
        ClientCredentials(narrow.client_id, world.vault.invent("client secret"), connection=connection).token()


def test_another_program_that_answers_is_recognised() -> None:
    page = httpx.Response(200, html="<h1>Welcome to the hotel</h1>")
    connection = Connection("http://127.0.0.1:1", transport=lambda: httpx.MockTransport(lambda _: page))
    with pytest.raises(UnexpectedAnswer):
        ClientCredentials("client", "secret", connection=connection).token()
