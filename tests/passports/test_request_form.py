"""A person asks for what a passport withholds by a form on its page, without scripts, in English or German."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest

from harness.rows import execute
from harness.world import World
from passports.granting import CONTENT
from passports.reading import issued
from passports.test_pages import page

FILLED = {"role": "authority", "purpose": "File <4711>\r\nmarket", "contact": "a@authority.example", "evidence": ""}


@pytest.fixture(autouse=True)
def _no_requests(world: World) -> Iterator[None]:
    yield
    execute(world.server.database, "delete from passport_access_requests")


def send(
    world: World, passport_id: str, language: str = "en", /, site: str = "same-origin", **fields: str
) -> httpx.Response:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": site}
    address = f"{world.server.url}/dpp/{passport_id}/ask?lang={language}"
    return httpx.post(address, content=urlencode(FILLED | fields), headers=headers)


def asked(world: World, passport_id: str) -> list[dict[str, object]]:
    found = world.api.get("/dpp/access-requests", bearer=world.owner.access).expect(200).data()
    return [one for one in found if one["passportId"] == passport_id]


def test_the_page_leads_to_a_form_whose_request_the_company_reads(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    address = f"{world.server.url}/dpp/{passport_id}/ask?lang=de"
    assert f'<a href="{address}">Zugang anfragen</a>' in page(world, passport_id, "de").expect(200).body.decode()
    form = httpx.get(address)
    assert form.status_code == 200
    assert form.headers["content-language"] == "de"
    assert "form-action 'self'" in form.headers["content-security-policy"]
    assert "<script" not in form.text
    assert "Marke" in form.text
    assert "For authorities" not in form.text
    sent = send(world, passport_id, "de")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/dpp/{passport_id}/ask?lang=de&sent=yes")
    assert "Ihre Anfrage ging an" in httpx.get(f"{world.server.url}{sent.headers['location']}").text
    (request,) = asked(world, passport_id)
    assert (request["role"], request["purpose"]) == ("authority", "File <4711> market")
    assert (request["contact"], request["evidence"], request["status"]) == ("a@authority.example", None, "PENDING")


def test_a_mistake_keeps_what_was_typed_and_says_what_is_wrong(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    for wrong, said in (
        ({"purpose": " "}, "Say what for, in at most 500 characters."),
        ({"purpose": "x" * 501}, "Say what for, in at most 500 characters."),
        ({"contact": "me"}, "Say where to answer"),
        ({"contact": "me@repair\u202e.example"}, "Say where to answer"),
        ({"evidence": "http://permit.example"}, "This must be an address that begins with https://"),
        ({"evidence": "https://permit.example/my file"}, "This must be an address that begins with https://"),
    ):
        answer = send(world, passport_id, **wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert 'value="authority" checked' in answer.text
        if "purpose" not in wrong:
            assert "File &lt;4711&gt; market" in answer.text
    assert asked(world, passport_id) == []


def test_a_form_of_another_site_and_an_unknown_passport_are_refused(world: World) -> None:
    _, passport_id = issued(world, **CONTENT)
    assert send(world, passport_id, site="cross-site").status_code == 400
    assert asked(world, passport_id) == []
    for unknown in ("nothing", passport_id[:-4] + "0000"):
        assert send(world, unknown).status_code == 404
        assert httpx.get(f"{world.server.url}/dpp/{unknown}/ask", headers={"Accept": "text/html"}).status_code == 404


def test_a_passport_that_withholds_nothing_offers_no_form(world: World) -> None:
    _, passport_id = issued(world)
    assert "/ask" not in page(world, passport_id).expect(200).body.decode()
