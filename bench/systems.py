"""Starts the systems that are compared: the service, every peer that can be installed, and the floor."""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.api import API, make_product
from bench.peers import PEERS, Peer
from bench.peers.install import Absent, environment, install, version_of
from bench.processes import floor, server, service
from bench.seed import PASSWORD, seed
from bench.workloads import (
    BEARER,
    INTROSPECTION,
    LOGIN,
    MIXED,
    REFRESH,
    TOKEN,
    TOKEN_ES256,
    TOKEN_HS256,
    Paths,
    Requester,
    Seed,
)

OURS = "LinkXG"
CLIENTS = 10_000


@dataclass(frozen=True)
class System:
    """`requesters` by workload; `lacks` has the reason why a workload is missing."""

    name: str
    requesters: Mapping[str, Requester]
    lacks: Mapping[str, str]


@dataclass(frozen=True)
class RunningSystems:
    """`database` is the embedded one of the service; `absent` peers have the reason."""

    systems: list[System]
    floor_url: str
    database: Path
    absent: Mapping[str, str]


@contextmanager
def running_systems(crowds: int, clients: int = CLIENTS) -> Iterator[RunningSystems]:
    """Start all at once. `crowds` is how many times 64 refresh tokens each server will exchange."""
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        floor_url = stack.enter_context(floor())
        ours, known = _ours(stack, folder, crowds * 64, clients)
        systems = [ours]
        listed = folder / "seed.json"
        listed.write_text(json.dumps(asdict(known)))
        for number, peer in enumerate(PEERS):
            try:
                url = _start(stack, peer, folder / f"peer{number}", listed)
            except (Absent, RuntimeError) as error:
                absent[peer.name] = str(error)
                sys.stderr.write(f"{peer.name} is absent: {error}\n")
                continue
            requester = Requester(url, peer.paths, known)
            works = {TOKEN, TOKEN_HS256, TOKEN_ES256, INTROSPECTION, BEARER, REFRESH, LOGIN, MIXED} - peer.lacks.keys()
            name = f"{peer.name.partition(',')[0]} {version_of(peer)}{''.join(peer.name.partition(',')[1:])}"
            systems.append(System(name, dict.fromkeys(works, requester), peer.lacks))
        yield RunningSystems(systems, floor_url, folder / "HS256" / "linkxg.db", absent)


def _ours(stack: ExitStack, folder: Path, people: int, clients: int) -> tuple[System, Seed]:
    """Two servers, since a service signs with one algorithm; both have the same kind of rows."""
    requesters: dict[str, Requester] = {}
    for algorithm in ("ES256", "HS256"):
        data_dir = folder / algorithm
        data_dir.mkdir()
        made = seed(data_dir, client_count=clients + 1, people=people if algorithm == "HS256" else 1)
        known = Seed(made.clients[1:], made.clients[0], made.emails, PASSWORD, made.refresh_tokens)
        url = stack.enter_context(service(data_dir, LINKXG_TOKEN_ALGORITHM=algorithm))
        paths = Paths(
            tokens=dict.fromkeys((TOKEN, TOKEN_HS256, TOKEN_ES256), f"{API}/oauth/token"),
            introspection=f"{API}/oauth/introspect",
            bearer=make_product(url, made.emails[0]),
            refresh=f"{API}/auth/refresh",
            login=f"{API}/auth/login",
            json=True,
        )
        requester = Requester(url, paths, known)
        works = (
            (TOKEN_ES256,)
            if algorithm == "ES256"
            else (TOKEN, TOKEN_HS256, INTROSPECTION, BEARER, REFRESH, LOGIN, MIXED)
        )
        requesters |= dict.fromkeys(works, requester)
    return System(OURS, requesters, {}), known


def _start(stack: ExitStack, peer: Peer, data_dir: Path, listed: Path) -> str:
    there = install(peer)
    data_dir.mkdir()
    settings = {"DATA_DIR": str(data_dir), "SEED": str(listed), **environment(there), **peer.settings}
    return stack.enter_context(server(["sh", "start.sh"], folder=there, **settings))
