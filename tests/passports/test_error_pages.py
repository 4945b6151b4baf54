"""Whoever scans a data carrier or opens a link reads what is wrong as a page; programs get it as JSON."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from harness.world import World
from passports.granting import granted, path_of
from passports.reading import issued
from passports.scanning import link_of, target
from passports.test_pages import BROWSER
from products.catalogue import withdraw

UNKNOWN_GTIN = "09520000099992"


def browse(world: World, path: str, status: int, language: str = "en", method: str = "GET") -> httpx.Response:
    """As a phone does, without following a redirect; the rules for answers of the API want errors as JSON."""
    headers = {"Accept": BROWSER, "Accept-Language": language}
    answer = httpx.request(method, f"{world.server.url}{path}", headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def page_of(answer: httpx.Response, language: str = "en") -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    text = answer.text
    assert f'<html lang="{language}">' in text
    return text


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_code_on_a_withdrawn_product_shows_the_passport_with_the_reason(world: World, language: str) -> None:
    product, passport_id = issued(world)
    withdraw(world, product, 1, "The cells overheat: bring it back.").expect(200)
    answer = browse(world, link_of(world, product), 410, language)
    text = page_of(answer, language)
    assert "The cells overheat: bring it back." in text
    assert {"en": "This passport is withdrawn", "de": "Dieser Produktpass wurde zurückgezogen"}[language] in text
    assert target(world, passport_id) in (answer.headers["link"])
    assert answer.headers["access-control-allow-origin"] == "*"
    world.api.get(f"/{link_of(world, product)}", headers={"Accept": "application/json"}).expect(410, "gone")


def test_unknown_passports_and_wrong_links_are_pages_for_browsers(world: World) -> None:
    product, passport_id = issued(world)
    slug = link_of(world, product).split("/")[1]
    for path, status, said in (
        (f"/dpp/{uuid4()}", 404, "There is no passport here"),
        ("/dpp/nothing", 404, "There is no passport here"),
        (f"/dpp/{passport_id}?version=9", 404, "There is no passport here"),
        (f"/{slug}/01/{UNKNOWN_GTIN}", 404, "There is no passport here"),
        (f"/{slug}/01/09520000001545", 400, "The check digit of the GTIN is wrong"),
        (f"/01/{UNKNOWN_GTIN}", 404, "There is no passport here"),
    ):
        answer = browse(world, path, status)
        assert said in page_of(answer), path
        assert answer.headers["x-request-id"] in answer.text
        world.api.get(f"/{path}", headers={"Accept": "application/json"}).expect(
            status, "invalid_request" if status == 400 else "not_found"
        )
    assert "Hier gibt es keinen Produktpass" in page_of(browse(world, f"/dpp/{uuid4()}", 404, "de"), "de")


def test_a_link_that_opens_nothing_says_so_to_a_browser(world: World) -> None:
    _, passport_id = issued(world)
    path = path_of(world, granted(world, passport_id, singleUse=True)).removeprefix("/")
    page_of(browse(world, path, 200, method="POST"))
    for method in ("GET", "POST"):
        text = page_of(browse(world, path, 404, "de", method), "de")
        assert "Dieser Link öffnet nichts" in text
    assert "This link opens nothing" in page_of(browse(world, "/dpp/access/lxgdpp_wrong", 404))


def test_the_page_of_choices_names_its_charset_once(world: World) -> None:
    product, _ = issued(world)
    page_of(browse(world, f"/01/{product['gtin']}", 300))
