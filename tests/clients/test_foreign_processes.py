"""OAuth clients of other languages, as processes: tokens by a secret and by a key, and calls with them.

The JDK's own HTTP client, which offers h2c, is that of docs/integrators.md: tests/sdk/test_integrators.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from generators.tools import Unavailable, need, npm_tools, run
from harness.client_assertions import add_key, new_key, public
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
    return _java("NimbusClient", folder)


def _java(program: str, folder: Path) -> list[str]:
    need("java", "mvn")
    shutil.copytree(PROGRAMS / "java", folder, dirs_exist_ok=True)
    run(["mvn", "-q", "dependency:build-classpath", "-Dmdep.outputFile=classpath"], folder)
    classpath = (folder / "classpath").read_text().strip()
    run(["javac", "-cp", classpath, f"{program}.java"], folder)
    return ["java", "-cp", f"{folder}:{classpath}", program]


def _run(world: World, build: Callable[[Path], list[str]], folder: Path, **variables: str) -> dict[str, Any]:
    try:
        command = build(folder)
    except Unavailable as reason:
        pytest.skip(str(reason))
    printed = run(command, folder, ISSUER=world.server.url, API=f"{world.server.url}/api/v1", **variables)
    found: dict[str, Any] = json.loads(printed)
    return found


@pytest.mark.parametrize("build", [openid_client, oauth4webapi, go_oauth2, nimbus], ids=lambda build: build.__name__)
def test_a_foreign_client_gets_and_uses_a_token(
    world: World, tmp_path: Path, build: Callable[[Path], list[str]]
) -> None:
    oauth = make_client(world.api, world.owner, SCOPE)
    printed = _run(world, build, tmp_path, CLIENT_ID=oauth.client_id, CLIENT_SECRET=oauth.client_secret)
    assert printed.pop("token_type").lower() == "bearer"
    assert printed == {"expires_in": 900, "scope": SCOPE, "status": 200, "error": "invalid_client"}


@pytest.mark.parametrize(
    "build",
    [
        partial(_node, "openid_client_key.mjs"),
        partial(_node, "oauth4webapi_key.mjs"),
        partial(_java, "NimbusKeyClient"),
    ],
    ids=["openid_client", "oauth4webapi", "nimbus"],
)
def test_a_foreign_client_has_a_key_instead_of_a_secret_and_bound_tokens(
    world: World, tmp_path: Path, build: Callable[[Path], list[str]]
) -> None:
    """`private_key_jwt` (RFC 7523) and DPoP (RFC 9449) as these libraries make them."""
    oauth, key = make_client(world.api, world.owner, SCOPE), new_key()
    add_key(world.api, world.owner, oauth.client_id, jwk=public(key)).expect(201)
    change = {"dpop_bound_access_tokens": True, "token_endpoint_auth_methods": ["private_key_jwt"]}
    world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json=change).expect(200)
    private = key.as_dict(private=True)
    world.vault.remember("private key", str(private["d"]))
    printed = _run(world, build, tmp_path, CLIENT_ID=oauth.client_id, PRIVATE_KEY=json.dumps(private))
    assert printed.pop("token_type").lower() == "dpop"
    assert printed == {"status": 200, "as_bearer": 401}
