"""Concurrent callers, each on a connection of its own, and repeated load."""

from __future__ import annotations

import http.client
import select
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from harness.answers import Answer
from harness.client import Client, Fields, Headers, RawResponse
from harness.rules import API
from harness.server import Server

T = TypeVar("T")
WORKER_DIGITS = 12
CONNECT_ATTEMPTS = 400
TIMEOUT_S = 30.0


class ConnectionLost(Exception):
    """The connection ended before a response began: what was asked has happened, or it has not."""


class TruncatedResponse(AssertionError):
    """A response began and did not end."""


class PersistentClient(Client):
    """A checking client with one connection that stays open, and so with the worker that accepted it.

    It answers as `Client` does, but a broken connection raises ConnectionLost or TruncatedResponse. The next request
    reconnects.
    `faulty` says that a fault is on, so 503 is an answer like any other.
    """

    def __init__(self, server: Server, *, faulty: bool = False) -> None:
        # Without the pool of the base, which costs more than a connection.
        self.faulty = faulty
        parts = urlsplit(server.url)
        self.url = server.url
        self.vault = server.vault
        self.worker = ""
        self._headers = []
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=TIMEOUT_S)

    def connect(self) -> Self:
        """Ask for nothing much, so that the connection is open and its worker known."""
        self.get("//healthz")
        return self

    @property
    def local_port(self) -> int:
        """Of this end of the open connection."""
        return int(self._connection.sock.getsockname()[1])

    def close(self) -> None:
        self._connection.close()

    def check_answer(
        self, answer: Answer, *, reveals: bool = False, repeats: bool = False, allow_503: bool = False
    ) -> Answer:
        self.worker = (answer.header("x-request-id") or "")[:WORKER_DIGITS]
        return super().check_answer(answer, reveals=reveals, repeats=repeats, allow_503=allow_503 or self.faulty)

    def send_and_disconnect(self, method: str, path: str, *, bearer: str | None = None, json: Any = None,
                headers: Headers = (), unread: bool) -> None:  # fmt: skip
        """Send a request and close the connection: at once, or when the answer has come, without reading it."""
        fields, content = self._encode(bearer, json, None, None, headers)
        self._connection.request(method, API + path, content, dict(fields))
        if unread:
            select.select([self._connection.sock], [], [], TIMEOUT_S)
        self._connection.close()

    def _exchange(self, method: str, target: str, fields: Fields, content: bytes | None) -> RawResponse:
        try:
            self._connection.request(method, target, content, dict(fields))
            response = self._connection.getresponse()
        except (ConnectionError, http.client.CannotSendRequest) as broken:
            self._connection.close()
            raise ConnectionLost(f"{method} {target}: {broken!r}") from broken
        except BaseException:
            self._connection.close()
            raise
        try:
            body = response.read()
        except (ConnectionError, http.client.IncompleteRead) as broken:
            self._connection.close()
            raise TruncatedResponse(f"{method} {target}: {broken!r}") from broken
        return response.status, tuple((name.lower(), value) for name, value in response.getheaders()), body


def open_clients(server: Server, count: int) -> list[PersistentClient]:
    """Connected clients, spread evenly over the server's workers."""
    clients: dict[str, list[PersistentClient]] = {}
    share = -(-count // server.workers)
    for _ in range(CONNECT_ATTEMPTS):
        client = PersistentClient(server).connect()
        held = clients.setdefault(client.worker, [])
        if len(held) < share:
            held.append(client)
        else:
            client.close()
        if sum(map(len, clients.values())) >= share * server.workers:
            break
    assert len(clients) == server.workers, f"{CONNECT_ATTEMPTS} connections reached {len(clients)} workers"
    # Alternating, so that any two neighbours are with different workers.
    mixed = [client for group in zip(*clients.values(), strict=True) for client in group]
    for client in mixed[count:]:
        client.close()
    return mixed[:count]


def concurrently(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Make all calls at the same moment, each in a thread of its own; answers in order."""
    waiting = list(calls)
    barrier = threading.Barrier(len(waiting))

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


def ask_concurrently(clients: Iterable[PersistentClient], ask: Callable[[PersistentClient], T]) -> list[T]:
    """Ask the same through every client at the same moment."""
    return concurrently([partial(ask, client) for client in clients])


class Load:
    """Callers that repeat a step each until the block ends. The first failure of any of them fails the test.

    A caller that meets an exception of `ends` is content and stops.
    """

    def __init__(self, steps: Sequence[Callable[[], object]], *, ends: tuple[type[Exception], ...] = ()) -> None:
        self._ends = ends
        self._news = threading.Condition()
        self._stopping = False
        self._failure: BaseException | None = None
        self._done = [0] * len(steps)
        self._threads = [
            threading.Thread(target=self._repeat, args=(number, step), daemon=True) for number, step in enumerate(steps)
        ]

    def _repeat(self, number: int, step: Callable[[], object]) -> None:
        try:
            while not self._stopping:
                step()
                with self._news:
                    self._done[number] += 1
                    self._news.notify_all()
        except self._ends:
            return
        except BaseException as failure:  # noqa: BLE001  raised where the block ends
            with self._news:
                self._failure = self._failure or failure
                self._news.notify_all()

    @property
    def count(self) -> int:
        """Steps completed by all callers."""
        return sum(self._done)

    def wait_for(self, more: int, timeout: float = TIMEOUT_S) -> None:
        """Return when that many more steps have been completed."""
        goal = self.count + more
        self._wait(lambda: self.count >= goal, timeout)

    def wait_for_everybody(self, more: int = 1, timeout: float = TIMEOUT_S) -> None:
        """Return when each caller has begun and completed that many more steps."""
        # The step under way had begun before.
        goals = [done + more + 1 for done in self._done]
        self._wait(lambda: all(done >= goal for done, goal in zip(self._done, goals, strict=True)), timeout)

    def _wait(self, reached: Callable[[], bool], timeout: float) -> None:
        with self._news:
            self._news.wait_for(lambda: self._failure is not None or reached(), timeout)
            if self._failure is None:
                assert reached(), f"{self._done} steps in {timeout:.0f} s"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure


def seconds_until(done: Callable[..., bool], *arguments: Any, within: float) -> float:
    """Ask again and again; how long after this call the first yes was asked for. Fails after `within` seconds."""
    began = time.monotonic()
    while True:
        asked = time.monotonic() - began
        if done(*arguments):
            return asked
        assert asked <= within, f"not after {asked:.3f} s; the bound is {within} s"
