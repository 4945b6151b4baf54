"""Starts a guarded service and calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from harness.clients import OAuthClient, make_resource_server
from harness.processes import Process, free_port
from harness.vault import Vault
from harness.world import World

REVOKED_WITHIN_S = 1.0
TESTS = Path(__file__).parents[1]
RESOURCE = "https://guarded.example/api"


class GuardedService:
    """A process with a guard; `settings` are those of `GuardSettings`."""

    def __init__(self, framework: str, **settings: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.http = httpx.Client(base_url=self.url, timeout=10.0, trust_env=False)
        given = json.dumps(settings).encode()

        def start(
            command: Sequence[str | Path], environment: Mapping[str, str], directory: Path
        ) -> subprocess.Popen[bytes]:
            started = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environment),
                cwd=directory,
                start_new_session=True,
            )
            assert started.stdin is not None
            started.stdin.write(given)
            started.stdin.close()
            return started

        self.process = Process(
            "guarded service",
            [sys.executable, "-m", "guard.guarded_app", framework, str(self.port)],
            environment=os.environ | {"PYTHONPATH": str(TESTS)},
            working_directory=TESTS,
            start=start,
        )
        self.process.wait_for(lambda line: "Uvicorn running" in line or "Serving on" in line)

    def get(self, token: str | None, path: str = "/read", **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return self.http.get(path, headers=headers | options.pop("headers", {}), **options)

    def status(self, token: str | None, path: str = "/read") -> int:
        return self.get(token, path).status_code

    def close(self) -> None:
        self.http.close()
        if self.process.running:
            self.process.stop()


def until(is_true: Callable[[], bool], seconds: float) -> float:
    """How long it took until it was true; fails if it took longer."""
    began = time.monotonic()
    while not is_true():
        took = time.monotonic() - began
        assert took < seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - began


def register(world: World, resource: str = RESOURCE) -> OAuthClient:
    """The resource server of the world's account with this identifier; the same one each time."""
    known: dict[str, OAuthClient] = world.__dict__.setdefault("resource_servers", {})
    if resource not in known:
        known[resource] = make_resource_server(world.api, world.owner, resource)
    return known[resource]


def settings_for(world: World, by: OAuthClient, resource: str = RESOURCE, **more: Any) -> dict[str, Any]:
    return {
        "issuer": world.server.url,
        "resource": resource,
        "client_id": by.client_id,
        "client_secret": by.client_secret,
        **more,
    }


def basic(vault: Vault, by: OAuthClient) -> dict[str, str]:
    return {"Authorization": vault.basic(by.client_id, by.client_secret)}
