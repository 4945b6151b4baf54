"""The journey of a batch or an item on its page: where its content or a share says so, and nothing of a partner.

Security rule 256.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, cast
from uuid import uuid4

import pytest

from harness.answers import JsonObject
from harness.clients import get_token
from harness.world import World
from linkxg.db import Database
from linkxg.db.database import ReadTooLong
from linkxg.network.epcis.documents.model import Item, ParsedEvent
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import Issuer, PassportRecord, PassportVersionRecord, Redacted
from linkxg.network.passports.pages.passport_page import passport_page
from linkxg.network.passports.read.find_journey import MAX_STEPS
from linkxg.network.passports.read.read_page_details import PageDetailsReader
from network.sharing import connection_of, end_shares, share
from passports.granting import granted, opened, path_of
from passports.reading import issued, read_by_id
from passports.test_pages import page
from passports.units import issue
from products.catalogue import change, new_gtin, publish
from traceability.chain import lot as lot_of
from traceability.chain import made, packed, seen, serial
from traceability.test_routes import capture

WORKS, ELSEWHERE = ("https://id.gs1.org/414/4012345000009", "https://id.gs1.org/414/9520000000000")
PUBLIC: JsonObject = {"journey": ["public"]}
STEP = re.compile(r'<li><time datetime="[^"]*">([^<]*)</time> <strong>([^<]*)</strong>(.*?)</li>')


def steps(text: str) -> list[tuple[str, str, str]]:
    """(date, step, the rest without markup)."""
    _, _, section = text.partition('id="journey"')
    found = STEP.findall(section.partition("</section>")[0])
    return [(date, step, re.sub(r"<[^>]*>", "", rest).strip()) for date, step, rest in found]


class Cloth:
    """A product with a batch made of yarn, a product of the same company, which was made of a supplier's fibre."""

    def __init__(self, world: World, access: JsonObject | None = None, yarn_access: JsonObject | None = None) -> None:
        name = uuid4().hex[:10]
        self.world, self.supplier_gtin = world, new_gtin().rjust(14, "0")
        options: dict[str, Any] = {"access": access} if access else {}
        self.product, self.model = issued(world, name="Cloth", **options)
        yarn_options: dict[str, Any] = {"access": yarn_access} if yarn_access else {}
        self.yarn_product, self.yarn_model = issued(world, name="Fine yarn", **yarn_options)
        self.batch, self.item = (
            one["id"]
            for one in issue(world, self.product, {"lot": name}, {"lot": name, "serial": name}).expect(201).data()
        )
        self.fibre = lot_of(f"SUPPLIER{name}", self.supplier_gtin)
        self.yarn = lot_of(name, self.yarn_product["gtin"].rjust(14, "0"))
        self.cloth = lot_of(name, self.product["gtin"].rjust(14, "0"))
        self.piece = serial(name, self.product["gtin"].rjust(14, "0"), name)
        self.capture(
            made([self.fibre], [self.yarn], at=0, read_point=WORKS),
            made([self.yarn], [self.cloth], at=100_000, read_point=WORKS),
            seen([self.cloth], at=200_000, step="shipping", read_point=ELSEWHERE, location=ELSEWHERE),
        )

    def capture(self, *events: ParsedEvent) -> None:
        capture(self.world, self.world.account.account_id, *events)

    def page(self, **options: Any) -> str:
        return page(self.world, options.pop("id", self.batch), **options).expect(200).body.decode()


def test_a_journey_that_is_public_has_dates_steps_and_known_places(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    text = cloth.page()
    assert steps(text) == [
        ("2026-09-21", "Made", ": Fine yarn Works 1"),
        ("2026-09-22", "Made", "Works 1"),
        ("2026-09-23", "Shipped", ""),
    ]
    assert f'/dpp/{cloth.yarn_model}?lang=en">Fine yarn' in text
    for secret in ("SUPPLIER", cloth.supplier_gtin, "9520000000000"):
        assert secret not in text
    assert steps(cloth.page(language="de"))[1:] == [
        ("2026-09-22", "Hergestellt", "Works 1"),
        ("2026-09-23", "Versandt", ""),
    ]


def test_a_step_in_the_words_of_a_company_is_made_if_it_made_something(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    sewn = "https://works.example/steps/sewing"
    cloth.capture(
        made([cloth.cloth], [cloth.piece], at=300_000, step=sewn),
        seen([cloth.piece], at=400_000, step=sewn),
    )
    found = steps(cloth.page(id=cloth.item))
    assert [step for _, step, _ in found][-2:] == ["Made", "Event"]
    assert "sewing" not in str(found)


def test_an_item_has_the_journey_of_its_batch_too(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    cloth.capture(seen([cloth.piece], "ADD", at=300_000, step="inspecting"))
    found = [step for _, step, _ in steps(cloth.page(id=cloth.item))]
    assert found == ["Made", "Made", "Shipped", "Inspected"]


def test_without_being_shared_there_is_no_journey(world: World) -> None:
    for access in (None, {"journey": ["authority"]}):
        cloth = Cloth(world, access)
        for id in (cloth.batch, cloth.item, cloth.model):
            text = cloth.page(id=id)
            assert 'id="journey"' not in text
            assert "Fine yarn" not in text
            assert ("<li>Journey</li>" in text) == (access is not None and id != cloth.model)
    assert 'id="journey"' not in Cloth(world, PUBLIC).page(query="?version=1&lang=en", id=cloth.model)


def test_a_grant_opens_the_journey_of_its_role(world: World) -> None:
    cloth = Cloth(world, {"journey": ["authority"]})
    for role in ("authority", "legitimateInterest"):
        link = path_of(world, granted(world, cloth.batch, roles=[role]))
        text = opened(world, link, "text/html").expect(200).body.decode()
        assert ("Shipped" in text) == (role == "authority")
        assert "hreflang" not in text, "the address of another language would lose the grant"


def test_what_of_another_product_is_not_public_is_left_out(world: World) -> None:
    cloth = Cloth(world, PUBLIC, {"name": ["authority"], "facility": ["authority"]})
    assert steps(cloth.page())[0] == ("2026-09-21", "Made", "Works 1"), "the same place is public in the other passport"
    assert "yarn" not in cloth.page()


def test_the_next_page_has_the_next_event_and_not_one_that_is_declared_wrong(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    assert len(steps(cloth.page())) == 3
    wrong = f"urn:uuid:{uuid4()}"
    cloth.capture(seen([cloth.cloth], at=400_000, step="destroying", id=wrong))
    assert [step for _, step, _ in steps(cloth.page())][-1] == "Destroyed"
    cloth.capture(seen([cloth.cloth], at=400_000, step="destroying", id=wrong, declared=500_000))
    assert len(steps(cloth.page())) == 3


def test_a_journey_is_closed_by_the_next_version(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    change(world, cloth.product, {"content": {"access": {"journey": ["authority"]}}}).expect(200)
    publish(world, cloth.product).expect(200)
    (lot,) = issue(world, cloth.product, {"lot": cloth.cloth.lot}).data()
    assert lot["version"] == 2
    assert 'id="journey"' not in cloth.page()
    assert 'id="journey"' not in cloth.page(query="?version=1"), "an older version does not open it again"


def test_a_long_journey_has_its_latest_steps_and_says_so(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    cloth.capture(*(seen([cloth.cloth], at=300_000 + n, step="inspecting") for n in range(60)))
    text = cloth.page()
    assert len(steps(text)) == MAX_STEPS
    assert "There are further steps" in text
    assert {step for _, step, _ in steps(text)} == {"Inspected"}


def test_an_event_of_a_container_is_a_step_while_the_batch_is_in_it(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    box = Item(f"urn:test:box:{uuid4()}", cloth.piece.level)
    cloth.capture(packed([cloth.cloth], box, at=300_000), seen([box], at=300_100, step="departing"))
    assert [step for _, step, _ in steps(cloth.page())][-2:] == ["Packed", "Departed"]


@pytest.mark.any_engine
def test_a_company_vocabulary_is_not_shown(world: World) -> None:
    cloth = Cloth(world, PUBLIC)
    cloth.capture(seen([cloth.cloth], at=300_000, step="https://partner.example/secret-step"))
    text = cloth.page()
    assert steps(text)[-1][1] == "Event"
    assert "partner.example" not in text


def partner_page(world: World, passport_id: str, token: str | None = None) -> str:
    bearer = token or world.other_owner.access
    return read_by_id(world, passport_id, bearer=bearer, accept="text/html").expect(200).body.decode()


def test_a_partner_sees_the_journey_that_a_share_of_events_shows(world: World) -> None:
    end_shares(world)
    cloth = Cloth(world)
    share(world, cloth.product, traceability="NONE")
    assert steps(partner_page(world, cloth.batch)) == []
    share(world, cloth.product, traceability="EVENTS")
    found = steps(partner_page(world, cloth.batch))
    assert [(step, rest) for _, step, rest in found] == [("Made", ""), ("Shipped", "")]
    assert steps(cloth.page()) == []
    end_shares(world)
    assert steps(partner_page(world, cloth.batch)) == []


def test_a_partner_sees_the_way_before_as_far_as_its_graph_goes(world: World) -> None:
    end_shares(world)
    cloth = Cloth(world)
    capture(world, world.other.account_id, seen([cloth.cloth], at=300_000, step="receiving"))
    for tiers, expected in ((0, ["", ""]), (3, [": Fine yarn", "", ""])):
        share(world, cloth.product, traceability="GRAPH", traceTiers=tiers)
        text = partner_page(world, cloth.batch)
        assert [rest for _, _, rest in steps(text)] == expected
        assert cloth.supplier_gtin not in text
    end_shares(world)


def test_a_partner_s_read_of_events_is_counted(world: World) -> None:
    end_shares(world)
    cloth = Cloth(world)
    share(world, cloth.product, traceability="EVENTS")
    partner_page(world, cloth.batch)
    path, deadline = f"/connections/{connection_of(world)}/access-log", time.monotonic() + 15
    while cloth.product["id"] not in str(world.api.get(path, bearer=world.owner.access).expect(200).object()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    end_shares(world)


def test_a_token_without_the_scope_for_traces_shows_no_shared_journey(world: World) -> None:
    end_shares(world)
    cloth = Cloth(world)
    share(world, cloth.product, traceability="EVENTS")
    for scope, expected in (("dpp:read", 0), ("dpp:read traceability:read", 2)):
        token = get_token(world.api, world.other_oauth, scope)
        assert len(steps(partner_page(world, cloth.batch, token))) == expected
    end_shares(world)


class _Slow:
    """A database that ends the read of a journey."""

    async def read_bounded(self, unit: Any, seconds: float, *args: Any) -> Any:
        assert seconds <= 0.5
        raise ReadTooLong


@pytest.mark.any_engine
def test_a_journey_that_takes_too_long_is_left_out() -> None:
    passport = PassportRecord("a", "p", "x", "0" * 14, "L", "", 1, "original", None, None, 0, None, None)
    version = PassportVersionRecord(1, "x", 1, "original", 0, None, "PUBLISHED", "PUBLISHED", None, None)
    redacted = Redacted(
        passport,
        version,
        Issuer("Acme", "acme", None),
        {},
        (),
        frozenset({"public"}),
        is_latest=True,
        shows_journey=True,
    )
    reader = PageDetailsReader(cast("Database", _Slow()), lambda *_: None)
    details = asyncio.run(reader.read(redacted, None))
    assert (details.journey, details.is_journey_late) == (None, True)
    assert "cannot be shown at the moment" in passport_page(redacted, Addresses("https://x.example"), "en", details)
