"""The topologies that the same black-box suite runs on.

One process on either engine is what `make test` runs everywhere. The wider ones have a second worker or a second node,
which the same requests reach without the tests knowing.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from harness.answers import Answer
from harness.client import Client, Headers
from harness.concurrency import WORKER_DIGITS
from harness.nodes import copy_keys
from harness.server import Server
from harness.vault import Vault

VISIBLE_S = 1.0
"""In which every node knows what another one has answered (promise R4)."""
ATTEMPTS = 400
# Requests that change nothing, in addition to GET and HEAD.
READ_ONLY_POSTS = ("/oauth/introspect",)


@dataclass(frozen=True)
class Topology:
    """`workers` of each of `nodes`."""

    name: str
    engine: str
    workers: int = 1
    nodes: int = 1


DEFAULT = (Topology("sqlite", "sqlite"), Topology("postgres", "postgres"))
WIDER = (Topology("sqlite-2-workers", "sqlite", workers=2), Topology("postgres-2-nodes", "postgres", nodes=2))


class RoundRobinClient(Client):
    """Every request goes to another worker than the one before."""

    def __init__(self, url: str, vault: Vault, workers: int) -> None:
        super().__init__(url, vault)
        self._each = {_worker(self._http): self._http}
        for _ in range(ATTEMPTS):
            if len(self._each) == workers:
                break
            candidate = httpx.Client(base_url=url, timeout=30.0, trust_env=False, verify=False)
            if self._each.setdefault(_worker(candidate), candidate) is not candidate:
                candidate.close()
        assert len(self._each) == workers
        self._turns = itertools.cycle(self._each.values())

    def request(self, method: str, path: str, **options: Any) -> Answer:
        self._http = next(self._turns)
        return super().request(method, path, **options)

    def close(self) -> None:
        for http in self._each.values():
            http.close()


class MirroringClient(Client):
    """What changes something is asked of one node; what only asks is asked of the others too, and they must agree."""

    def __init__(self, url: str, vault: Vault, others: list[Client]) -> None:
        super().__init__(url, vault)
        self._others = others

    def request(self, method: str, path: str, **options: Any) -> Answer:
        answer = super().request(method, path, **options)
        if (method in {"GET", "HEAD"} or path in READ_ONLY_POSTS) and not _works_once(options):
            for other in self._others:
                _agree(answer, lambda other=other: other.request(method, path, **options))  # type: ignore[misc]
        return answer

    @property
    def nodes(self) -> list[Client]:
        return [self, *self._others]

    def close(self) -> None:
        super().close()
        for other in self._others:
            other.close()


def _works_once(options: dict[str, Any]) -> bool:
    """Whether the request has a DPoP proof or an assertion, which no node accepts again."""
    headers: Headers = options.get("headers", ())
    names = {str(name).lower() for name, _ in (headers.items() if isinstance(headers, Mapping) else headers)}
    return "dpop" in names or "client_assertion" in (options.get("form") or {})


def _agree(here: Answer, ask: Callable[[], Answer]) -> None:
    until = time.monotonic() + VISIBLE_S
    while (there := ask()).status != here.status or there.error != here.error:
        assert time.monotonic() < until, f"one node answers {here}, another one {there}"


def _worker(http: httpx.Client) -> str:
    return http.get("/healthz").headers["x-request-id"][:WORKER_DIGITS]


def client_for(servers: list[Server], workers: int) -> Client:
    """A client that reaches all of them."""
    home, *others = servers
    if others:
        return MirroringClient(home.url, home.vault, [other.client() for other in others])
    return RoundRobinClient(home.url, home.vault, workers) if workers > 1 else home.client()


def start_another_node(directory: Path, first: Server, settings: dict[str, str]) -> Server:
    """A second machine of the installation, with a copy of its keys and the same public address; started."""
    node = Server(directory, first.database, first.vault, settings=settings | {"LINKXG_PUBLIC_URL": first.url})
    copy_keys(first, node)
    return node.start()
