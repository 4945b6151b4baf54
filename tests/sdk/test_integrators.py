"""What integrators use without Python: the programs of docs/integrators.md, and the Postman collection."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.page import DOCS, fences
from architecture.program import document
from harness.clients import OAuthClient, make_client
from harness.people import sign_in
from harness.world import World
from linkxg_client import LinkXG
from linkxg_client.command.postman import SCHEMA, collection_of
from sdk import readme

pytestmark = pytest.mark.any_engine
PAGE = DOCS / "integrators.md"
SKUS = ["INT-1", "INT-2", "INT-3", "INT-4", "INT-5"]
# (language of the block, program that runs it, file, command)
PROGRAMS = [
    ("java", "java", "Products.java", ["java", "Products.java"]),
    ("go", "go", "main.go", ["go", "run", "main.go"]),
    ("js", "node", "products.mjs", ["node", "products.mjs"]),
]
TIMEOUT_S = 180


@pytest.fixture(scope="module")
def client_with_products(world: World) -> OAuthClient:
    """Of an account with five products."""
    account = world.server.bootstrap("Columba Lda", another=True)
    oauth = make_client(world.api, sign_in(world.api, account.owner))
    with LinkXG.connect(oauth.client_id, oauth.client_secret, url=world.server.url) as client:
        for sku in SKUS:
            client.products.create(sku, {"name": "Drill"})
    return oauth


def environment(world: World, oauth: OAuthClient) -> dict[str, str]:
    return readme.environment(
        LINKXG_URL=world.server.url, LINKXG_CLIENT_ID=oauth.client_id, LINKXG_CLIENT_SECRET=oauth.client_secret
    )


def snippet(language: str) -> str:
    (found,) = [text for _, each, text in fences(PAGE) if each == language]
    return found


@pytest.mark.parametrize(("language", "program", "file", "command"), PROGRAMS, ids=[each[0] for each in PROGRAMS])
def test_a_program_reads_all_products(
    world: World, client_with_products: OAuthClient, tmp_path: Path, language: str, program: str, file: str,
    command: list[str],
) -> None:  # fmt: skip
    """Its pages are made shorter, so that it has to follow the cursor."""
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here")
    text = snippet(language)
    shorter = text.replace("limit=200", "limit=2").replace('"200"', '"2"')
    assert shorter != text
    (tmp_path / file).write_text(shorter)
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(world, client_with_products), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == SKUS


@pytest.mark.parametrize("language", ["csharp", "powerquery", "abap"])
def test_a_program_that_is_not_run_calls_addresses_that_exist(language: str) -> None:
    paths = set(re.findall(r"api/v1/[a-z/]+", snippet(language)))
    assert paths
    assert {f"/{path}" for path in paths} <= document()["paths"].keys()


def requests_of(collection: dict[str, Any]) -> list[dict[str, Any]]:
    return [item["request"] for folder in collection["item"] for item in folder["item"]]


def test_the_postman_collection_has_every_operation() -> None:
    collection = collection_of(document(), "https://api.linkxg.com")
    assert collection["info"]["schema"] == SCHEMA
    listed = {
        (method.upper(), re.sub(r"\{(\w+)\}", r":\1", path))
        for path, item in document()["paths"].items()
        for method in item
    }
    found = [(each["method"], each["url"]["raw"].removeprefix("{{baseUrl}}")) for each in requests_of(collection)]
    assert sorted(found) == sorted(listed)
    for each in requests_of(collection):
        placeholders = [part[1:] for part in each["url"]["path"] if part.startswith(":")]
        assert placeholders == [variable["key"] for variable in each["url"].get("variable", ())]
        if each.get("body", {}).get("options"):
            json.loads(each["body"]["raw"])


def test_the_command_writes_a_collection_whose_requests_work(
    world: World, client_with_products: OAuthClient, tmp_path: Path
) -> None:
    """Sends them as Postman would: the token first, then each list, then the example of a product."""
    done = subprocess.run(
        [sys.executable, "-c", "from linkxg_client.main import main; main()", "postman", "-o", "collection.json"],
        cwd=tmp_path, env=readme.environment(LINKXG_URL=world.server.url), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "collection.json").read_text()
    assert "lxgsec_" not in text
    values = {each["key"]: each["value"] for each in json.loads(text)["variable"]}
    values |= {"clientId": client_with_products.client_id, "clientSecret": client_with_products.client_secret}
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    collection = json.loads(text)
    oauth = {each["key"]: each["value"] for each in collection["auth"]["oauth2"]}
    with httpx.Client(trust_env=False, timeout=30) as http:
        basic = (oauth["clientId"], oauth["clientSecret"])
        granted = http.post(oauth["accessTokenUrl"], data={"grant_type": oauth["grant_type"]}, auth=basic).json()
        bearer = {"Authorization": f"Bearer {granted['access_token']}"}
        by_address = {(each["method"], each["url"]["raw"]): each for each in requests_of(collection)}
        lists = ("products", "connections", "imports", "requests", "dpp", "traceability/recalls")
        for path in lists:
            request = by_address["GET", f"{world.server.url}/api/v1/{path}"]
            assert http.get(request["url"]["raw"], headers=bearer).status_code == 200, path
        creating = by_address["POST", f"{world.server.url}/api/v1/products"]
        headers = {each["key"]: each["value"] for each in creating["header"] if not each.get("disabled")}
        made = http.post(creating["url"]["raw"], content=creating["body"]["raw"], headers=headers | bearer)
        assert made.status_code == 201, made.text
