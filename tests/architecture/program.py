"""The modules, routes and OpenAPI document of the program."""

from __future__ import annotations

import ast
import asyncio
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from linkxg.app import build
from linkxg.http.body_style import BodyStyle, style_of
from linkxg.http.edge import Edge
from linkxg.identity.tokens.keys import ensure_keys
from linkxg.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "linkxg"
ISSUER = "https://api.example.test"


GROUPS = {"identity", "catalog", "network", "network.epcis", "network.passports"}
"""Packages that hold features; every other package below `linkxg` is one."""


def package_of(name: str) -> str:
    """The feature, package or single module below `linkxg` that a dotted name belongs to; "" for `linkxg` itself."""
    parts = name.split(".")[1:]
    depth = 1
    while depth < len(parts) and ".".join(parts[:depth]) in GROUPS:
        depth += 1
    return ".".join(parts[:depth])


@dataclass(frozen=True)
class Module:
    """One file of the program."""

    path: Path

    @property
    def name(self) -> str:
        parts = self.path.relative_to(SOURCE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def relative_path(self) -> str:
        """The path below `src/linkxg`."""
        return str(self.path.relative_to(SOURCE))

    @property
    def package(self) -> str:
        return package_of(self.name)

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[tuple[int, str]]:
        """(line, name) of everything imported, with the imported member: `linkxg.audit.store.find_head`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative imports hide the direction of a dependency"
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the program."""
    return tuple(Module(path) for path in sorted(SOURCE.rglob("*.py")))


@cache
def edge() -> Edge:
    """The application as `create_app` builds it; never started."""
    data_dir = Path(tempfile.mkdtemp(prefix="linkxg-built-"))
    ensure_keys(data_dir, "HS256")
    return build(Settings(data_dir=data_dir, public_url=ISSUER))


_PLACE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Route:
    """One method of one path; `handler` is None where the edge answers."""

    method: str
    path: str
    handler: HTTPRouteHandler | None
    style: BodyStyle

    @property
    def address(self) -> str:
        """The path with ids that nothing has."""
        return _PLACE.sub(lambda _: str(uuid4()), self.path)


@cache
def routes() -> tuple[Route, ...]:
    """Every endpoint of the application."""
    built = edge()
    router = built.inner
    assert isinstance(router, Litestar)
    typed = [
        Route(method, route.path_format, handler, style_of(handler.opt))
        for route in router.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        # Litestar adds these; the edge never lets a request reach them.
        if method != "OPTIONS"
    ]
    raw = [
        Route(method, path, None, endpoint.declares.style)
        for path, methods in built.raw.items()
        for method, endpoint in methods.items()
    ]
    return tuple(sorted((*typed, *raw), key=lambda route: (route.path, route.method)))


def ask(path: str) -> httpx.Response:
    """What the built application answers to a GET that needs no database."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(edge())
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
            return await client.get(path)

    return asyncio.run(get())


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = ask("/api/v1/openapi.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
