"""The page of a passport: for phones, in the reader's language, without scripts or anybody else's files."""

from __future__ import annotations

import re

import pytest

from harness.answers import Answer
from harness.world import World
from passports.contents import FULL
from passports.reading import issued, read_by_id
from passports.test_units import issue
from products.catalogue import withdraw

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def page(world: World, passport_id: str, language: str = "en-GB,en;q=0.9", query: str = "") -> Answer:
    headers = {"Accept": BROWSER, "Accept-Language": language}
    return world.api.get(f"//dpp/{passport_id}{query}", headers=headers)


def test_a_browser_gets_a_small_page_without_scripts_or_third_parties(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    answer = page(world, passport_id).expect(200)
    text = answer.body.decode()
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert len(answer.body) <= 60_000
    assert "<script" not in text
    assert "Hex bolt" in text
    assert "90 %" in text
    assert "Sweden" in text
    policy = answer.header("content-security-policy") or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    loaded = re.findall(r'(?:src|<link[^>]*href)="([^"]*)"', text)
    assert loaded == [f"{world.server.url}/dpp/{passport_id}/qr"]


def test_the_page_is_in_the_language_of_its_reader(world: World) -> None:
    _, passport_id = issued(world, **FULL)
    german = page(world, passport_id, "de-AT,de;q=0.9,en;q=0.8").expect(200)
    assert german.header("content-language") == "de"
    assert '<html lang="de">' in german.body.decode()
    assert "Materialien" in german.body.decode()
    for language in ("fr", "", "en;q=1,de;q=0.1"):
        assert page(world, passport_id, language).expect(200).header("content-language") == "en"


def test_the_page_says_what_is_withheld_and_withdrawn(world: World) -> None:
    product, passport_id = issued(world, **FULL, access={"materials": ["authority"]})
    text = page(world, passport_id).expect(200).body.decode()
    assert "Steel" not in text
    assert "<li>materials</li>" in text
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
