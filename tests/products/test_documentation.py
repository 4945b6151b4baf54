"""The commands of docs/products.md work as they stand, and its tables match the program."""

from __future__ import annotations

import json
import re

import msgspec

from api.page import DOCS, fences
from harness.answers import JsonObject
from harness.world import World
from linkxg.catalog.products.content import MEMBERS
from linkxg.catalog.products.model import Product
from products.catalogue import PRODUCTS, new_gtin, new_sku, path

PAGE = DOCS / "products.md"


def bodies() -> list[JsonObject]:
    """What the page's commands send."""
    commands = [text for _, language, text in fences(PAGE) if language == "bash"]
    found = [re.search(r"-d '(.*)'", command, re.DOTALL) for command in commands]
    return [json.loads(match[1]) for match in found if match]


def test_the_documented_commands_create_change_and_publish_a_product(world: World) -> None:
    create, patch, publish = bodies()
    create |= {"sku": new_sku(), "gtin": new_gtin()}
    made = world.api.post(PRODUCTS, bearer=world.owner.access, json=create).expect(201).data()
    tag = {"If-Match": '"p-1"', "Content-Type": "application/merge-patch+json"}
    content = json.dumps(patch).encode()
    world.api.patch(path(made), bearer=world.owner.access, content=content, headers=tag).expect(200)
    product = world.api.post(f"{path(made)}/publish", bearer=world.owner.access, json=publish).expect(200).data()
    assert product["status"] == "PUBLISHED"


def test_the_example_has_the_members_of_a_response() -> None:
    shown = next(json.loads(text) for _, language, text in fences(PAGE) if language == "json")
    assert list(shown) == [field.encode_name for field in msgspec.structs.fields(Product)]


def test_every_content_member_is_documented() -> None:
    section = PAGE.read_text().partition("## Content")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    documented = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert documented == list(MEMBERS)


def test_every_list_parameter_is_documented(world: World) -> None:
    section = PAGE.read_text().partition("## List")[2]
    documented = {name for line in section.splitlines() for name in re.findall(r"^\| `(\w+)` \|", line)}
    operation = world.api.get("/openapi.json").expect(200).object()["paths"]["/api/v1/products"]["get"]
    assert documented == {parameter["name"] for parameter in operation["parameters"]}
