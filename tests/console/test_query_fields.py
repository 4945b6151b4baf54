"""Whatever the fields of an address contain, the page answers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import linkxg.console
from console.browser import Visitor
from console.test_permissions import GUARDED, address
from harness.world import World

FIELDS = sorted(
    {
        name
        for source in Path(linkxg.console.__file__).parent.glob("*.py")
        for name in re.findall(r"query\.(?:text|has|all|items)\(\"(\w+)\"", source.read_text())
    }
)
VALUE = quote("٣")


def test_an_address_with_characters_of_other_scripts_is_no_fault(world: World, owner: Visitor) -> None:
    assert {"message", "mac", "before"} <= set(FIELDS)
    for path in sorted({template for method, template, _ in GUARDED if method == "GET"}):
        page = address(path, world)
        # What is no position in a list is refused before other fields are read.
        for fields in (FIELDS, [name for name in FIELDS if name != "before"], ["before"]):
            answer = owner.get(f"{page}?{'&'.join(f'{name}={VALUE}' for name in fields)}")
            assert answer.status_code < 500, (path, fields)


def test_the_message_of_a_forged_address_is_not_shown(world: World, owner: Visitor) -> None:
    for mac in (VALUE, "0" * 32, ""):
        answer = owner.get(f"/products?message=Forged+words&mac={mac}")
        assert answer.status_code == 200
        assert "Forged words" not in answer.text
