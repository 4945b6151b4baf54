"""What `linkxg-client` exports of the demo's catalogue, it imports again without changing anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from cli.test_demo import END, PERSON
from harness.processes import Process
from sdk import readme


def command(tmp_path: Path, url: str, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from linkxg_client.main import main; main()", *arguments],
        input=stdin, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env=readme.environment(LINKXG_URL=url, LINKXG_CONFIG_DIR=str(tmp_path / "config")),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def everything(url: str, bearer: str) -> dict[str, Any]:
    """Each product by its SKU, as readers see it and as its owner edits it."""
    found: dict[str, Any] = {}
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {bearer}"}, trust_env=False) as http:
        cursor: dict[str, str] = {}
        while True:
            page = http.get("/products", params={"limit": "200", **cursor}).raise_for_status().json()
            for product in page["data"]:
                draft = http.get(f"/products/{product['id']}", params={"version": "draft"}).json().get("data")
                found[product["sku"]] = product, draft
            if not page["pagination"]["hasMore"]:
                return found
            cursor = {"cursor": page["pagination"]["nextCursor"]}


def test_an_export_of_the_whole_catalogue_changes_nothing_when_it_is_imported(demo: Process, tmp_path: Path) -> None:
    demo.wait_for(lambda line: line.startswith(END))
    url = next(found[0] for line in demo.lines() if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
    _, email, password = next(match.groups() for line in demo.lines() if (match := PERSON.fullmatch(line)))
    command(tmp_path, url, "login", "--email", email, "--stdin", stdin=password + "\n")
    before = everything(url, command(tmp_path, url, "token").strip())
    archived = [sku for sku, (product, _) in before.items() if product["status"] == "ARCHIVED"]
    drafts = [sku for sku, (product, draft) in before.items() if draft and product["status"] == "PUBLISHED"]
    assert archived
    assert len(drafts) > 1

    for format in ("ndjson", "json"):
        name = f"all.{format}"
        command(tmp_path, url, "export", "--output", name, "--format", format)
        job = json.loads(command(tmp_path, url, "import", name, "--json"))
        assert job["unchanged"] == len(before) - len(archived)
        assert (job["created"], job["updated"], job["failed"]) == (0, 0, 0)
    assert everything(url, command(tmp_path, url, "token").strip()) == before

    command(tmp_path, url, "export", "--output", "archived.csv", "--format", "csv", "--archived")
    assert len((tmp_path / "archived.csv").read_text().splitlines()) == 1 + len(before)
