"""OAuth clients of other languages, as processes: a token, a call with it, and the error of a wrong secret.

The JDK's own HTTP client, which offers h2c, is that of docs/integrators.md: tests/sdk/test_integrators.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generators.tools import Unavailable, need, npm_tools, run
from harness.clients import make_client
from harness.world import World

pytestmark = pytest.mark.any_engine

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
SCOPE = "products:read"


def _node(program: str, folder: Path) -> list[str]:
    modules = npm_tools(HERE)
    shutil.copy(PROGRAMS / program, folder)
    (folder / "node_modules").symlink_to(modules)
    return ["node", str(folder / program)]


def openid_client(folder: Path) -> list[str]:
    return _node("openid_client.mjs", folder)


def oauth4webapi(folder: Path) -> list[str]:
    return _node("oauth4webapi.mjs", folder)


def go_oauth2(folder: Path) -> list[str]:
    need("go")
    shutil.copytree(PROGRAMS / "go", folder, dirs_exist_ok=True)
    run(["go", "build", "-mod=readonly", "-o", "client", "."], folder)
    return [str(folder / "client")]


def nimbus(folder: Path) -> list[str]:
    need("java", "mvn")
    shutil.copytree(PROGRAMS / "java", folder, dirs_exist_ok=True)
    run(["mvn", "-q", "dependency:build-classpath", "-Dmdep.outputFile=classpath"], folder)
    classpath = (folder / "classpath").read_text().strip()
    run(["javac", "-cp", classpath, "NimbusClient.java"], folder)
    return ["java", "-cp", f"{folder}:{classpath}", "NimbusClient"]


@pytest.mark.parametrize("build", [openid_client, oauth4webapi, go_oauth2, nimbus], ids=lambda build: build.__name__)
def test_a_foreign_client_gets_and_uses_a_token(
    world: World, tmp_path: Path, build: Callable[[Path], list[str]]
) -> None:
    try:
        command = build(tmp_path)
    except Unavailable as reason:
        pytest.skip(str(reason))
    oauth = make_client(world.api, world.owner, SCOPE)
    printed = json.loads(
        run(
            command,
            tmp_path,
            ISSUER=world.server.url,
            API=f"{world.server.url}/api/v1",
            CLIENT_ID=oauth.client_id,
            CLIENT_SECRET=oauth.client_secret,
        )
    )
    assert printed.pop("token_type").lower() == "bearer"
    assert printed == {"expires_in": 900, "scope": SCOPE, "status": 200, "error": "invalid_client"}
