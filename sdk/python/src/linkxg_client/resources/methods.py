"""Methods of resources. Each sends what a function of `calls` describes, and has its parameters and types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from linkxg_client.call import Call, Procedure
from linkxg_client.pages import AsyncItems, Items, PageCall

P = ParamSpec("P")
T = TypeVar("T")


class Performer(Protocol):
    """The client, as its resources see it."""

    def perform(self, call: Call[T]) -> T: ...

    def perform_all(self, procedure: Procedure[T]) -> T: ...


class AsyncPerformer(Protocol):
    def perform(self, call: Call[T]) -> Awaitable[T]: ...

    def perform_all(self, procedure: Procedure[T]) -> Awaitable[T]: ...


class Resource:
    """A group of methods of a client."""

    def __init__(self, client: Performer) -> None:
        self.client = client


class AsyncResource:
    """A group of methods of a client for asyncio."""

    def __init__(self, client: AsyncPerformer) -> None:
        self.client = client


class Method(Generic[P, T]):
    """`resource.name(…)` sends the call and returns the record."""

    def __init__(self, call: Callable[P, Call[T]]) -> None:
        self._call = call

    def __get__(self, resource: Resource, owner: Any = None) -> Callable[P, T]:
        @wraps(self._call)
        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return resource.client.perform(self._call(*args, **kwargs))

        return method


class AsyncMethod(Generic[P, T]):
    """`await resource.name(…)` sends the call and returns the record."""

    def __init__(self, call: Callable[P, Call[T]]) -> None:
        self._call = call

    def __get__(self, resource: AsyncResource, owner: Any = None) -> Callable[P, Awaitable[T]]:
        @wraps(self._call)
        def method(*args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
            return resource.client.perform(self._call(*args, **kwargs))

        return method


class ListMethod(Generic[P, T]):
    """`for item in resource.name(…)` fetches page after page."""

    def __init__(self, call: Callable[P, PageCall[T]]) -> None:
        self._call = call

    def __get__(self, resource: Resource, owner: Any = None) -> Callable[P, Items[T]]:
        @wraps(self._call)
        def method(*args: P.args, **kwargs: P.kwargs) -> Items[T]:
            return Items(self._call(*args, **kwargs), resource.client.perform)

        return method


class AsyncListMethod(Generic[P, T]):
    """`async for item in resource.name(…)` fetches page after page."""

    def __init__(self, call: Callable[P, PageCall[T]]) -> None:
        self._call = call

    def __get__(self, resource: AsyncResource, owner: Any = None) -> Callable[P, AsyncItems[T]]:
        @wraps(self._call)
        def method(*args: P.args, **kwargs: P.kwargs) -> AsyncItems[T]:
            return AsyncItems(self._call(*args, **kwargs), resource.client.perform)

        return method


class ProcedureMethod(Generic[P, T]):
    """`resource.name(…)` sends several calls and returns the record."""

    def __init__(self, procedure: Callable[P, Procedure[T]]) -> None:
        self._procedure = procedure

    def __get__(self, resource: Resource, owner: Any = None) -> Callable[P, T]:
        @wraps(self._procedure)
        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return resource.client.perform_all(self._procedure(*args, **kwargs))

        return method


class AsyncProcedureMethod(Generic[P, T]):
    """`await resource.name(…)` sends several calls and returns the record."""

    def __init__(self, procedure: Callable[P, Procedure[T]]) -> None:
        self._procedure = procedure

    def __get__(self, resource: AsyncResource, owner: Any = None) -> Callable[P, Awaitable[T]]:
        @wraps(self._procedure)
        def method(*args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
            return resource.client.perform_all(self._procedure(*args, **kwargs))

        return method
