"""The pages of partners: what is shared with them, what they read, and how a connection begins and ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.rows import execute
from harness.world import World
from linkxg.clock import HOUR, now_ms
from linkxg.console.partner_sharing import SHOWN_READS, SHOWN_SHARES
from network.connected import insert_connection
from network.sharing import connection_of, end_shares, share, withdraw
from products.catalogue import published


@pytest.fixture(autouse=True)
def without_shares(world: World) -> Iterator[None]:
    end_shares(world)
    yield
    end_shares(world)


def _partner(world: World) -> str:
    return f"/partners/{connection_of(world)}"


def test_a_partner_page_says_what_is_shared(world: World, editor: Visitor) -> None:
    product = published(world)
    live = share(world, product, fields=["name"])
    ended = share(world, type="CATEGORY", category="<b>43220</b>")
    withdraw(world, ended).expect(204)
    page = editor.get(_partner(world))
    said = text_of(page)
    assert f"Product {product['sku']}" in said
    assert live["summary"] in said
    assert "Category <b>43220</b> Sees nothing: withdrawn on" in said
    assert f'href="/shares/{live["id"]}"' in page.text
    assert f'href="/shared?partner={connection_of(world)}"' in page.text


def test_older_shares_are_on_further_pages(world: World, editor: Visitor) -> None:
    made = [share(world, type="CATEGORY", category=f"c{number}")["id"] for number in range(SHOWN_SHARES + 1)]
    newest = editor.get(_partner(world)).text
    assert [one for one in made if f"/shares/{one}" in newest] == made[1:]
    older = editor.get(f"{_partner(world)}?before={made[1]}").text
    assert f"/shares/{made[0]}" in older
    assert f"/shares/{made[1]}" not in older
    assert "Newest shares" in older


def test_a_partner_page_says_what_was_read(world: World, editor: Visitor) -> None:
    product = published(world)
    hour = (now_ms() + 400 * HOUR) // HOUR * HOUR
    owner, viewer = world.account.account_id, world.other.account_id
    # The newest, whatever other tests have read.
    counts = [
        (hour + HOUR, product["id"], 1234),
        *((hour - HOUR * back, "", back) for back in range(1, SHOWN_READS + 90)),
    ]
    for at, read, reads in counts:
        execute(
            world.server.database, f"insert into shared_reads values ('{owner}', '{viewer}', {at}, '{read}', {reads})"
        )
    try:
        page = editor.get(_partner(world))
        assert f"{product['sku']} 1,234" in text_of(page)
        assert page.text.count("Several products") == SHOWN_READS - 1
        first = editor.get(f"{_partner(world)}/reads")
        assert first.text.count("Several products") == 99
        further = first.text.split('<a rel="next" href="')[1].split('"')[0]
        second = editor.get(f"{_partner(world)}/reads{further}")
        assert "Several products" in second.text
        assert product["sku"] not in second.text
        assert product["sku"] in editor.get(f"{_partner(world)}/reads?before=forged").text
    finally:
        execute(world.server.database, f"delete from shared_reads where hour > {now_ms()}")


def test_an_invitation_says_nothing_of_sharing(world: World, editor: Visitor) -> None:
    page = text_of(editor.get(f"/partners/{insert_connection(world, 'PENDING', responded=False)}"))
    assert "What you share" not in page
    assert "What they read" not in page


def test_everybody_reads_and_administrators_act(world: World, new_visitor: NewVisitor) -> None:
    share(world, published(world))
    for role in ("MEMBER", "VIEWER"):
        page = new_visitor(world.person(role)).get(_partner(world))
        assert "What you share" in page.text
        assert "<form" not in page.text.partition("<main")[2]
