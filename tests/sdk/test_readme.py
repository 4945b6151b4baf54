"""Every snippet of the README works as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.client_assertions import add_key
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient
from harness.world import World
from linkxg_client import LinkXG, Secret, SecretFile
from sdk import readme

pytestmark = pytest.mark.any_engine
GIVEN = """
import sys
email, password = sys.argv[1:]
read_from_vault = lambda name="": "secret"
write_to_vault = lambda secret: None
"""
TIMEOUT_S = 120
EVENT = {
    "type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "eventTime": "2026-11-27T10:00:00.000Z",
    "eventTimeZoneOffset": "+01:00", "epcList": [],
    "quantityList": [{"epcClass": "https://id.gs1.org/01/09520000002176/10/L1", "quantity": 12}],
}  # fmt: skip


def prepare(world: World, oauth: OAuthClient, directory: Path) -> dict[str, str]:
    """What a reader has at hand: a client with a secret, a key and a certificate, an item, and a file to import."""
    with LinkXG.connect(oauth.client_id, oauth.client_secret, url=world.server.url) as client:
        client.request("POST", "/epcis/events", scope="imports:write", json=EVENT)
    pair = ClientCertificate()
    add_key(world.api, world.owner, oauth.client_id, pem=pair.public_pem).expect(201)
    SecretFile(directory / "client-key.pem").write(Secret(pair.key_pem))
    (directory / "client-cert.pem").write_text(pair.pem)
    SecretFile(directory / "secret").write(Secret(oauth.client_secret))
    (directory / "products.csv").write_text("sku,name\nREADME-1,Drill\nREADME-2,\n")
    return readme.environment(
        LINKXG_URL=world.server.url, LINKXG_CLIENT_ID=oauth.client_id,
        LINKXG_CLIENT_SECRET_FILE=str(directory / "secret"), LINKXG_CONFIG_DIR=str(directory / "config"),
    )  # fmt: skip


def run_python(interpreter: str, world: World, directory: Path, environment: dict[str, str]) -> str:
    """What all Python snippets print together."""
    person = world.person("MEMBER")
    program = directory / "readme.py"
    # The one name that the page takes from an earlier snippet is that of an example address.
    program.write_text(readme.script(GIVEN).replace("https://api.linkxg.com", world.server.url))
    done = subprocess.run(
        [interpreter, str(program), person.email, person.password],
        cwd=directory, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def newcomer(fresh_world: object) -> World:
    """An account without products."""
    world: World = fresh_world()  # type: ignore[operator]
    return world


def test_every_snippet_works(newcomer: World, tmp_path: Path) -> None:
    environment = prepare(newcomer, newcomer.oauth, tmp_path)
    printed = run_python(sys.executable, newcomer, tmp_path, environment)
    assert "DRL-18V-2 DRAFT Cordless drill 18 V" in printed
    assert "duplicate_sku" in printed
    assert "COMPLETED_WITH_ERRORS" in printed
    assert printed.count("\n# ") + 1 == len(readme.snippets("python")) == 18
    assert "lxgsec_" not in printed

    assert len(readme.commands()) == 9
    for command in readme.commands():
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        # The file of the import has a row without a name.
        assert done.returncode == (1 if " import " in command else 0), command + done.stdout + done.stderr
