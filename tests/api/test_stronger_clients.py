"""The snippets of docs/stronger-clients.md work as they stand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.page import DOCS, fences
from harness.client_assertions import add_trust
from harness.clients import make_client
from harness.world import World

PAGE = DOCS / "stronger-clients.md"


def snippets(language: str) -> list[str]:
    return [text for _, found, text in fences(PAGE) if found == language]


@pytest.mark.any_engine
def test_the_snippet_signs_an_assertion(world: World, tmp_path: Path) -> None:
    client_id = make_client(world.api, world.owner).client_id
    (make_keys, _) = snippets("sh")
    commands = "\n".join(line for line in make_keys.splitlines() if line.startswith("openssl"))
    subprocess.run(["/bin/sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True, timeout=30)
    pem = (tmp_path / "client-key.pub.pem").read_text()
    body = {"name": "Deployment", "pem": pem}
    world.api.post(f"/oauth/clients/{client_id}/keys", bearer=world.owner.access, json=body).expect(201)
    (program,) = snippets("python")
    filled = program.replace("https://api.linkxg.com", world.server.url).replace("YOUR_CLIENT_ID", client_id)
    done = subprocess.run(
        [sys.executable, "-c", filled], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "900", done.stderr


@pytest.mark.any_engine
def test_the_trust_of_the_page_is_accepted(world: World) -> None:
    client_id = make_client(world.api, world.owner).client_id
    (_, trust) = snippets("sh")
    body = json.loads(trust.partition("-d '")[2].rpartition("'")[0])
    del body["name"]
    add_trust(world.api, world.owner, client_id, **body).expect(201)
