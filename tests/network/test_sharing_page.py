"""The commands of docs/sharing.md work as typed from the page, and answer what the page shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from api.curl import run
from api.page import DOCS, steps
from api.shapes import differences
from harness.people import Session, sign_in
from harness.rows import wait_for_count
from harness.world import World
from linkxg.network.connections.model import MAX_PENDING as MAX_INVITATIONS
from linkxg.network.connections.model import MAX_SAME_INVITATIONS
from linkxg.network.feed.model import ChangeType
from linkxg.network.requests.model import MAX_PENDING as MAX_REQUESTS
from linkxg.network.shares.model import MAX_LIVE, MAX_SAME
from products.catalogue import complete

PAGE = DOCS / "sharing.md"
CREATED = ("/connections \\", "/shares \\", "/requests \\", "/adopt \\")


def test_the_page_can_be_followed_from_top_to_bottom(world: World, tmp_path: Path) -> None:
    owner, partner = _company(world, "Weaver Ltd"), _company(world, "Acme GmbH")
    world.api.patch("/account", bearer=owner.access, json={"gln": "4012345000009"}).expect(200)
    product = _publish(world, owner)
    values = {
        "https://api.linkxg.com": world.server.url,
        "weaver-ltd": _slug(world, owner),
        "acme-gmbh": _slug(world, partner),
        "YOUR_ACCESS_TOKEN": owner.access,
        "PARTNER_ACCESS_TOKEN": partner.access,
        "PRODUCT_ID": product["id"],
    }
    for step in steps(PAGE):
        if step.heading == "Access log":
            wait_for_count(
                world.server.database, f"select count(*) from shared_reads where product_id = '{product['id']}'", 1
            )
        command, promised = _filled(step.command, values), json.loads(_filled(json.dumps(step.promised), values))
        answer = run(command, world.api, tmp_path)
        assert answer.status == (201 if _creates(command) else 200), f"under «{step.heading}»: {answer}"
        data = answer.object()["data"]
        if command.partition(" \\")[0].endswith("/connections"):
            values["CONNECTION_ID"] = data["id"]
        elif command.partition(" \\")[0].endswith("/requests"):
            values["REQUEST_ID"] = data["id"]
        found = differences(promised, answer.object())
        assert not found, f"under «{step.heading}»: {found}"
    gone = world.api.get(f"/shared/products/{product['id']}", bearer=partner.access)
    assert gone.status == 404


def test_every_type_of_the_feed_is_on_the_page() -> None:
    section = PAGE.read_text().partition("## The feed")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert [name for name in get_args(ChangeType) if not any(f"`{name}`" in row for row in rows)] == []


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("pending invitations", MAX_INVITATIONS), ("invitations of one company", MAX_SAME_INVITATIONS),
        ("live shares with", MAX_LIVE), ("live shares of the same", MAX_SAME), ("pending requests", MAX_REQUESTS),
    ],
)  # fmt: skip
def test_the_limits_are_on_the_page(name: str, limit: int) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {name}")]
    assert f"{limit:,}" in row


def _company(world: World, name: str) -> Session:
    return sign_in(world.api, world.server.bootstrap(name, another=True).owner)


def _slug(world: World, session: Session) -> str:
    return str(world.api.get("/account", bearer=session.access).expect(200).data()["slug"])


def _publish(world: World, owner: Session) -> dict[str, Any]:
    material = {"name": "Organic cotton", "massFraction": 1, "originCountry": "TR", "code": "9004-34-6"}
    content = complete(name="Canvas 340 g/m²", brand="Weaver", materials=[material | {"schemeId": "https://cas.org/"}])
    del content["gtin"]
    body = {"sku": "FAB-340", "gtin": "9520000010010", "content": content}
    made = world.api.post("/products", bearer=owner.access, json=body).expect(201).data()
    published: dict[str, Any] = (
        world.api.post(f"/products/{made['id']}/publish", bearer=owner.access).expect(200).data()
    )
    return published


def _filled(text: str, values: dict[str, str]) -> str:
    for written, real in values.items():
        text = text.replace(written, real)
    return text


def _creates(command: str) -> bool:
    return "-X POST" in command and command.partition("\n")[0].endswith(CREATED)
