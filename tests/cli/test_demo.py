"""The demo prints commands that work as they stand, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from harness.processes import Process
from harness.server import clean_environment

END = "Stop the demo with Ctrl-C"
TITLES = ("Request an access token", "Use the token", "Rotate", "Log in", "Use the person's", "Refresh", "Log out")
SHARING = (
    "Acme GmbH: connected", "Acme GmbH: invite", "Weaver Ltd: preview", "Acme GmbH: the products",
    "Acme GmbH: answer", "Acme GmbH: the feed", "Weaver Ltd: requests", "Weaver Ltd: what Acme GmbH has read",
)  # fmt: skip
EVENTS = (
    "Acme GmbH: capture", "Acme GmbH: what was sold", "Acme GmbH: what a jacket", "Weaver Ltd: a recall",
)  # fmt: skip
PERSON = re.compile(r"  ([A-Z]+) +(\S+@\S+) +(\S+)")


def blocks(lines: list[str]) -> dict[str, str]:
    """Each command by its title, in the order in which they are printed."""
    text = "\n".join(lines)
    found: dict[str, str] = {}
    for part in text.split("\n# ")[1:]:
        title, _, command = part.partition("\n")
        found[title.partition(". ")[2]] = command.partition("\n\n")[0].strip()
    return found


def run(command: str) -> Any:
    assert shutil.which("curl"), "install the package 'curl'"
    done = subprocess.run(
        ["bash", "-c", f"{command} -sS --fail-with-body"], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_every_command_of_the_demo_works(demo: Process, tmp_path: Path) -> None:
    demo.wait_for(lambda line: line.startswith(END))
    lines = demo.lines()
    commands = blocks(lines)
    titles = (*TITLES, *SHARING, *EVENTS)
    assert [next(t for t in titles if title.startswith(t)) for title in commands] == list(titles)
    answers = [run(command) for command in commands.values()]
    _check_guide(answers[: len(TITLES)])
    _check_sharing(answers[len(TITLES) : len(TITLES) + len(SHARING)])
    _check_events(answers[len(TITLES) + len(SHARING) :])
    first = next(index for index, line in enumerate(lines) if line.startswith("Digital Product Passports"))
    passports = [line.strip() for line in lines[first : first + 10]]
    assert sum("/dpp/" in line for line in passports) == 2
    assert sum("/01/0952" in line for line in passports) == 2
    assert any("/21/" in line for line in passports), "a garment with its journey"
    link = next(line for line in passports if "/21/" in line)
    opened = httpx.get(link, headers={"Accept": "text/html"}, follow_redirects=True, trust_env=False).text
    assert all(step in opened for step in ("Made", "Inspected", "Shipped", "Sold", "Portugal"))
    assert any("\u2580" in line or "\u2584" in line for line in lines), "a QR code"
    people = [match.groups() for line in lines if (match := PERSON.fullmatch(line))]
    assert [role for role, _, _ in people] == ["OWNER", "ADMIN", "MEMBER", "VIEWER", "OWNER", "OWNER"]
    assert [email.partition("@")[2] for _, email, _ in people[3:]] == ["acme.example", "weaver.example", "mill.example"]
    text = commands[next(title for title in commands if title.startswith("Log in"))]
    _, owner, owner_password = people[0]
    for role, email, password in people:
        session = run(text.replace(owner, email).replace(owner_password, password))
        assert session["data"]["user"]["role"] == role
    assert [path.name for path in tmp_path.glob("linkxg-demo-*")] != []
    demo.stop()
    assert list(tmp_path.iterdir()) == []


def _check_guide(answers: list[Any]) -> None:
    token, products, rotated, login, personal, refreshed, logout = answers
    assert token["scope"] == "products:read connections:read"
    assert len(products["data"]) == 50
    assert products["pagination"]["hasMore"]
    assert all(product["gtin"].startswith("0952") for product in products["data"])
    assert {product["status"] for product in products["data"]} >= {"PUBLISHED", "DRAFT"}
    assert rotated["client_secret"].startswith("lxgsec_")
    assert login["data"]["user"]["role"] == "OWNER"
    assert personal["data"] == products["data"]
    assert refreshed["data"]["refreshToken"].startswith("lxgref_")
    assert logout == {"success": True, "data": None}


def _check_sharing(answers: list[Any]) -> None:
    connections, invited, preview, shared, answered, changes, requests, log = [answer["data"] for answer in answers]
    assert [one["partner"]["name"] for one in connections] == ["Weaver Ltd"]
    assert invited["status"] == "PENDING"
    assert "/connections/invitations/" in invited["link"]
    assert preview["summary"].endswith("of 2 products in category 5208, no supplier names.")
    assert {one["content"]["category"]["code"] for one in preview["preview"]} == {"5208"}
    assert all(one["content"]["facility"] == {"country": "PT"} for one in preview["preview"])
    assert len(shared) == 6
    assert [one["sku"] for one in shared if one["fields"] is None] == ["FAB-TWILL-280-R"]
    assert answered["status"] == "REJECTED"
    assert [one["type"] for one in changes] == [
        "CONNECTION_ACCEPTED", "SHARE_ADDED", "SHARE_ADDED", "PRODUCT_UPDATED",
    ]  # fmt: skip
    assert [(one["type"], one["direction"], one["status"]) for one in requests] == [("TRACE", "INCOMING", "PENDING")]
    assert len({one["productId"] for one in log}) == 6


def _check_events(answers: list[Any]) -> None:
    captured, sold, traced, recalled = answers
    assert captured["captureID"]
    events = sold["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [one["bizStep"] for one in events] == ["retail_selling"] * 5
    graph = traced["data"]
    # The fabric is of the brand's own events, the yarn of those of the weaver.
    assert {node["depth"]: (node["owner"] or {}).get("name") for node in graph["nodes"] if node["lot"]} == {
        1: None,
        2: "Weaver Ltd",
    }
    assert {edge["kind"] for edge in graph["edges"]} >= {"TRANSFORMED"}
    assert {product["productName"] for product in recalled["data"]["products"]} >= {"Poplin 120 g/m², white"}
    assert [one["partner"]["name"] for one in recalled["data"]["recipients"]] == ["Acme GmbH"]


def test_an_interrupted_demo_leaves_nothing(demo: Process, tmp_path: Path) -> None:
    demo.wait_for(lambda line: line.startswith("LinkXG demo"))
    demo.signal(signal.SIGINT)
    assert demo.wait() == 0
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in demo.tail()


def test_the_demo_stays_on_this_machine() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linkxg", "demo", "--host", "0.0.0.0"],
        capture_output=True,
        env=clean_environment(),
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"loopback" in done.stderr
