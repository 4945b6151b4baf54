"""The page of a passport: for phones, in the reader's language, without scripts or anybody else's files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from harness.answers import Answer, JsonObject
from harness.world import World
from linkxg.catalog.products.content import MEMBERS, Dimensions
from linkxg.catalog.products.countries import NAMES
from linkxg.catalog.products.countries_de import GERMAN_NAMES
from linkxg.catalog.products.units_of_measure import LENGTH, MASS, VOLUME
from linkxg.network.epcis.documents import schema as event_schema
from linkxg.network.passports.documents.build_document import DETAIL_DATES
from linkxg.network.passports.documents.model import LIFE_STATUSES
from linkxg.network.passports.pages.texts import FIELD_TEXTS, LANGUAGE_NAMES, TEXTS
from linkxg.network.passports.pages.vocabulary_texts import (
    BIZ_STEP_TEXTS,
    LANGUAGES,
    LIFE_STATUS_TEXTS,
    UNIT_SYMBOLS,
)
from passports.contents import FULL
from passports.reading import issued, read_by_id
from passports.units import issue
from products.catalogue import change, publish, withdraw

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def page(world: World, passport_id: str, language: str = "en-GB,en;q=0.9", query: str = "") -> Answer:
    headers = {"Accept": BROWSER, "Accept-Language": language}
    return world.api.get(f"//dpp/{passport_id}{query}", headers=headers)


def test_a_browser_gets_a_small_page_without_scripts_or_third_parties(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    answer = page(world, passport_id).expect(200)
    text = answer.body.decode()
    assert answer.header("content-type") == "text/html; charset=utf-8"
    code = world.api.get(f"//dpp/{passport_id}/qr").expect(200)
    assert len(answer.body) + len(code.body) <= 60_000
    assert "<script" not in text
    assert "Hex bolt" in text
    assert "90 %" in text
    assert "Sweden" in text
    policy = answer.header("content-security-policy") or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    loaded = re.findall(r'(?:src|<link[^>]*href|url\(|@import)="?([^"]*)"', text)
    assert loaded == [f"{world.server.url}/dpp/{passport_id}/qr"]


def test_the_page_is_in_the_language_of_its_reader(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    german = page(world, passport_id, "de-AT,de;q=0.9,en;q=0.8").expect(200)
    assert german.header("content-language") == "de"
    assert '<html lang="de">' in german.body.decode()
    assert "Materialien" in german.body.decode()
    for language in ("fr", "", "en;q=1,de;q=0.1"):
        assert page(world, passport_id, language).expect(200).header("content-language") == "en"


def test_a_switch_shows_the_page_in_the_other_language(world: World) -> None:
    product, passport_id = issued(world, **FULL)
    address = f"{world.server.url}/dpp/{passport_id}"
    english = page(world, passport_id).expect(200).body.decode()
    assert f'<a href="{address}?lang=de" lang="de" hreflang="de">Deutsch</a>' in english
    german = page(world, passport_id, query="?lang=de").expect(200)
    assert german.header("content-language") == "de"
    assert f'<a href="{address}?lang=en" lang="en" hreflang="en">English</a>' in german.body.decode()
    change(world, product, {"content": {"brand": "Other"}}).expect(200)
    publish(world, product).expect(200)
    older = page(world, passport_id, query="?version=1&lang=de").expect(200).body.decode()
    assert f'<a href="{address}?version=1&amp;lang=en"' in older
    # A link that was scanned may have any query.
    for query in ("?lang=fr", "?lang=", "?lang=de-AT"):
        assert page(world, passport_id, query=query).expect(200).header("content-language") == "en"


WORDS = re.compile(r">([^<>]+)<")
SAME = {"Name", "Material", "Digital Product Passport"}


def test_every_word_of_a_page_is_in_its_language(world: World) -> None:
    """What both pages have in common is data: names, figures, dates."""
    members = FULL | {"facility": {"name": "Hagen", "gln": "4012345000009", "country": "DE"}, "brand": "Acme"}
    product, _ = issued(world, **members, access={"modelNumber": ["authority"]})
    (item,) = issue(
        world, product, {"serial": "1", "lifeStatus": "re-used", "predecessor": "https://x.example/1"}
    ).data()
    english, german = (
        set(WORDS.findall(page(world, item["id"], language).expect(200).body.decode())) for language in ("en", "de")
    )
    style = next(one for one in english if one.startswith(":root"))
    data = {
        "Hex bolt", "Acme", "Zinc plated", "Fasteners", "Steel", "Power", "Score", "Box", "1 × · 2.2 kg · Card", "red",
        "colour", "cells", "voltage", "English", "Deutsch", "Recyclable · circularity · EN 45555 · 2026-01-01", "Fair",
        "Acme GmbH",
        "Recyclable · circularity · EN 45555 · 2026-01-01 – ", "Manual", "Material", "https://x.example/1", style,
    }  # fmt: skip
    both = {one for one in english & german if re.search("[A-Za-z]{3}", one)}
    assert both <= data | {one for one in both if "/01/" in one or "GTIN" in one}, both - data
    assert "Schweden" in german
    assert "1,5 m" in german
    assert "1.5 m" in english


@pytest.mark.any_engine
def test_every_text_is_in_both_languages() -> None:
    assert {*TEXTS} == {*FIELD_TEXTS} == {*LANGUAGE_NAMES} == {*LANGUAGES}
    assert all(text for texts in (TEXTS, FIELD_TEXTS) for both in texts.values() for text in both.values())
    named = {*MEMBERS, *DETAIL_DATES, "journey"} - {"access"}
    assert named <= FIELD_TEXTS["en"].keys()
    assert {field.encode_name for field in msgspec.structs.fields(Dimensions)} <= FIELD_TEXTS["en"].keys()
    assert GERMAN_NAMES.keys() == NAMES.keys()
    assert {*LIFE_STATUS_TEXTS} == {*LIFE_STATUSES}
    file = Path(event_schema.__file__).parent / "data" / "EPCIS-JSON-Schema.json"
    schema = json.loads(file.read_text())
    steps = next(one["enum"] for one in schema["definitions"]["bizStep"]["anyOf"] if "enum" in one)
    assert {*BIZ_STEP_TEXTS} == {*steps}
    assert {*MASS, *LENGTH, *VOLUME} <= UNIT_SYMBOLS.keys()


def test_the_largest_passport_is_shortened_and_says_where_all_of_it_is(world: World) -> None:
    """Texts that grow fivefold as markup, in every list."""
    long, country = '"' * 255, {"originCountry": "SE"}
    url = "https://files.example/" + "x" * 1_500
    members: JsonObject = {
        "description": "<&" * 3_000,
        "materials": [
            {"name": long[:-3] + f"{n:03}", "code": "41", "schemeId": "https://cpc.example/", "massFraction": 0.01}
            | country
            for n in range(40)
        ],
        "claims": [
            {"name": long, "topic": long, "referenceStandard": long, "evidence": {"url": url}} for _ in range(10)
        ],
        "documents": [{"url": url, "title": long} for _ in range(5)],
        "attributes": {f"{n}" + long[:200]: [long] * 3 for n in range(15)},
        "access": {f"attributes.{n}" + long[:200]: ["authority"] for n in range(10)},
    }
    _, passport_id = issued(world, **members)
    answer = page(world, passport_id).expect(200)
    code = world.api.get(f"//dpp/{passport_id}/qr").expect(200)
    assert len(answer.body) + len(code.body) <= 60_000
    text = answer.body.decode()
    assert "shortened here" in text
    (where,) = re.findall(r'href="([^"]*)">All data', text)
    whole = world.api.get("/" + where.removeprefix(world.server.url), headers={"Accept": BROWSER}).expect(200)
    assert len(whole.data()["materials"]) == 40
    assert "x" * 1_000 not in text, "an address is whole or not there"


def test_the_page_says_what_is_withheld_and_withdrawn(world: World) -> None:
    product, passport_id = issued(world, **FULL, access={"materials": ["authority"]})
    text = page(world, passport_id).expect(200).body.decode()
    assert "Steel" not in text
    assert "<li>Materials</li>" in text
    withdraw(world, product, 1, reason="The <mass> was wrong.").expect(200)
    text = page(world, passport_id).expect(200).body.decode()
    assert "This passport is withdrawn" in text
    assert "The &lt;mass&gt; was wrong." in text


@pytest.mark.any_engine
def test_what_a_product_says_is_no_markup(world: World) -> None:
    product, passport_id = issued(world, name="<b>Bolt", attributes={"<i>": "<script>alert(1)</script>"})
    text = page(world, passport_id).expect(200).body.decode()
    assert "&lt;b&gt;Bolt" in text
    assert "<script" not in text
    (unit,) = issue(world, product, {"lot": "<u>"}).data()
    assert "&lt;u&gt;" in page(world, unit["id"]).expect(200).body.decode()


def test_a_document_without_a_title_is_named_by_its_address(world: World) -> None:
    """The page was a server error."""
    _, passport_id = issued(world, documents=[{"url": "https://files.example/manual.pdf"}])
    page = read_by_id(world, passport_id, accept="text/html").expect(200).body.decode()
    assert ">https://files.example/manual.pdf</a>" in page
