"""Flows: what the library does, written once as generators of steps, and run for threads or for asyncio.

A flow yields a step and receives its result. So tokens, retries, rotation and every request of the API have one
implementation, and neither knows whether it may block.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import httpx

from linkxg_client.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request and read the answer."""

    request: httpx.Request
    auth: httpx.Auth | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Block:
    """Call a function that may block, such as one that reads a file; asyncio runs it in a thread."""

    function: Callable[[], Any]


class Flight(Generic[T]):
    """A call in progress, for whose result other threads and tasks wait."""

    __slots__ = ("_future", "leader")

    def __init__(self) -> None:
        self.leader = threading.get_ident()
        self._future: Future[T | None] = Future()
        # A task that waits and is cancelled must not cancel the result of all others.
        self._future.set_running_or_notify_cancel()

    def settle(self, result: T | None) -> None:
        """Hand the result to all who wait; None if the leader gave up, and one of them has to go on."""
        self._future.set_result(result)

    def wait(self) -> T | None:
        """Block until it is settled. None, too, if this very thread has to settle it."""
        if self.leader == threading.get_ident():
            return None
        return self._future.result()

    async def await_result(self) -> T | None:
        return await asyncio.wrap_future(self._future)


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until a flight is settled."""

    flight: Flight[Any]


Step: TypeAlias = Send | Sleep | Block | Await
Flow: TypeAlias = Generator[Step, Any, T]


def send(request: httpx.Request, auth: httpx.Auth | None = None) -> Flow[httpx.Response]:
    response: httpx.Response = yield Send(request, auth)
    return response


def block(function: Callable[[], T]) -> Flow[T]:
    result: T = yield Block(function)
    return result


class Sender(Protocol):
    def __call__(self, request: httpx.Request, *, auth: httpx.Auth | None) -> httpx.Response: ...


class AsyncSender(Protocol):
    def __call__(self, request: httpx.Request, *, auth: httpx.Auth | None) -> Awaitable[httpx.Response]: ...


def run(flow: Flow[T], sender: Sender, clock: Clock) -> T:
    """Run a flow in this thread."""
    result: Any = None
    error: BaseException | None = None
    while True:
        # Thrown outside of an `except` block: what the flow raises then has no context, whose frames hold requests.
        try:
            step = flow.send(result) if error is None else flow.throw(error)
        except StopIteration as stop:
            value: T = stop.value
            return value
        result, error = None, None
        try:
            match step:
                case Send(request, auth):
                    result = sender(request, auth=auth)
                case Sleep(seconds):
                    clock.sleep(seconds)
                case Block(function):
                    result = function()
                case Await(flight):
                    result = flight.wait()
        except BaseException as caught:  # noqa: BLE001 - handed to the flow, which has to clean up
            error = caught


async def arun(flow: Flow[T], sender: AsyncSender, clock: Clock) -> T:
    """Run a flow in this task."""
    result: Any = None
    error: BaseException | None = None
    while True:
        try:
            step = flow.send(result) if error is None else flow.throw(error)
        except StopIteration as stop:
            value: T = stop.value
            return value
        result, error = None, None
        try:
            match step:
                case Send(request, auth):
                    result = await sender(request, auth=auth)
                case Sleep(seconds):
                    await clock.asleep(seconds)
                case Block(function):
                    result = await asyncio.to_thread(function)
                case Await(flight):
                    result = await flight.await_result()
        except BaseException as caught:  # noqa: BLE001 - handed to the flow, which has to clean up
            error = caught
