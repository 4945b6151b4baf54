"""Access to what passports withhold: requests are answered, links given, logged and revoked in the console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.answers import JsonObject
from harness.concurrency import concurrently
from harness.rows import execute, trail
from harness.world import World
from network.sharing import connection_of, end_shares, share
from passports.granting import CONTENT, granted
from passports.reading import issued
from passports.units import issue
from products.catalogue import create
from races.things import GRANT, insert_access_request

LISTED = "/requests/passports"
LINKS = "/requests/passport-links"
PASTED = "No\x0bpermit"


@pytest.fixture(autouse=True)
def _no_requests(world: World) -> Iterator[None]:
    yield
    execute(world.server.database, "delete from passport_access_requests")


def day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def asked(world: World, passport_id: str) -> str:
    """The path of a new request."""
    insert_access_request(world, passport_id)
    found = world.api.get("/dpp/access-requests?limit=1", bearer=world.owner.access).expect(200).object()["data"]
    return f"{LISTED}/{found[0]['id']}"


def link_in(page: httpx.Response, world: World) -> str:
    """The path of the link that a page shows."""
    assert page.status_code == 200, text_of(page)
    found = re.search(r'<code id="secret"[^>]*>([^<]*/dpp/access/(lxgdpp_[0-9A-Za-z]+))</code>', page.text)
    assert found is not None, text_of(page)
    world.vault.remember("link to a passport", found[2])
    return "/" + found[1].removeprefix(world.server.url)


def opened(world: World, path: str) -> JsonObject:
    shown: JsonObject = world.api.post(path, headers={"Accept": "application/json"}).expect(200).data()
    return shown


def grants_of(world: World, passport_id: str) -> list[JsonObject]:
    found: list[JsonObject] = (
        world.api.get(f"/dpp/grants?passportId={passport_id}", bearer=world.owner.access).expect(200).object()["data"]
    )
    return found


def test_a_request_is_approved_and_the_link_is_shown_once(world: World, editor: Visitor) -> None:
    product, passport = issued(world, **CONTENT)
    path = asked(world, passport)
    inbox = editor.get(LISTED)
    assert path in inbox.text
    assert path in editor.get(f"/products/{product['id']}/passport").text
    page = editor.get(path)
    filled = editor.fields(page)
    assert [value for name, value in filled if name == "roles"] == ["authority"]
    assert ("expires", day(90)) in filled
    sent: dict[str, Any] = {"then": "approve", "roles": ["authority", "legitimateInterest"], "expires": day(365)}
    made = editor.fill(page, **sent)
    link = link_in(made, world)
    assert link_in(editor.fill(page, **sent), world) == link, "the same form again shows the same link"
    shown = opened(world, link)
    assert (shown["content"]["brand"], shown["content"]["modelNumber"]) == ("For authorities", "For recyclers")
    (grant,) = grants_of(world, passport)
    decided = editor.get(path)
    assert f"{LINKS}/{grant['id']}" in decided.text
    assert "lxgdpp_" not in decided.text
    assert 'value="approve"' not in decided.text
    assert path not in editor.get(LISTED).text
    assert path in editor.get(f"{LISTED}?show=all").text


def test_the_page_of_a_product_shows_who_has_and_wants_access_to_any_of_its_passports(
    world: World, editor: Visitor
) -> None:
    product, _ = issued(world, **CONTENT)
    items = issue(world, product, *({"serial": f"S{number:03}"} for number in range(60))).expect(201).data()
    last, (other, _) = items[-1]["id"], issued(world, **CONTENT)
    path = asked(world, last)
    granted(world, last, purpose="For the last of many")
    shown = editor.get(f"/products/{product['id']}/passport")
    assert path in shown.text
    assert "For the last of many" in text_of(shown)
    page = editor.get(f"/products/{other['id']}/passport")
    assert path not in page.text
    assert "For the last of many" not in text_of(page)


def test_a_request_that_is_decided_meanwhile_says_so(world: World, editor: Visitor) -> None:
    _, passport = issued(world)
    path = asked(world, passport)
    page = editor.get(path)
    declined = editor.fill(page, then="decline", reason="No permit.")
    assert declined.status_code == 303
    assert "is declined" in text_of(editor.get(declined.headers["location"]))
    late = editor.fill(page, then="approve", expires=day(10), key="k" * 32)
    assert late.status_code == 409
    assert "decided already" in text_of(late)
    assert "No permit." in text_of(editor.get(path))
    assert grants_of(world, passport) == []


def test_of_concurrent_answers_one_wins(world: World, editor: Visitor) -> None:
    _, passport = issued(world)
    path = asked(world, passport)
    page = editor.get(path)
    sends = [partial(editor.fill, page, then="approve", expires=day(10), key=f"{index}" * 32) for index in range(3)] + [
        partial(editor.fill, page, then="decline", key="d" * 32)
    ]
    answers = concurrently(sends)
    won = [answer for answer in answers if answer.status_code in (200, 303)]
    assert len(won) == 1, [answer.status_code for answer in answers]
    assert sorted(answer.status_code for answer in answers if answer not in won) == [409, 409, 409]
    if won[0].status_code == 200:
        link_in(won[0], world)
    assert len(grants_of(world, passport)) == (1 if won[0].status_code == 200 else 0)


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"roles": []}, "roles", "Choose at least one role."),
        ({"roles": ["owner"]}, "roles", "Must be one of"),
        ({"expires": ""}, "expires", "Choose the day on which access ends."),
        ({"expires": "soon"}, "expires", "Enter a day such as"),
        ({"expires": "2020-01-01"}, "expires", "Choose a day in the future."),
        ({"expires": day(400)}, "expires", "at most 366 days"),
    ],
)
def test_a_rejected_approval_keeps_the_form(
    world: World, editor: Visitor, typed: dict[str, Any], field: str, message: str
) -> None:
    _, passport = issued(world)
    path = asked(world, passport)
    sent: dict[str, Any] = {
        "then": "approve", "expires": day(10), "roles": ["authority"], "single_use": "yes", "includes_below": "yes",
        "reason": "Perhaps not.",
    } | typed  # fmt: skip
    page = editor.fill(editor.get(path), **sent)
    assert page.status_code == 422
    assert "<title>Error: " in page.text
    assert f'href="#{field}"' in page.text
    assert message in text_of(page)
    kept = editor.fields(page)
    wanted = [
        ("expires", sent["expires"]),
        ("single_use", "yes"),
        ("includes_below", "yes"),
        ("reason", "Perhaps not."),
    ]
    for pair in wanted:
        assert pair in kept
    assert [value for name, value in kept if name == "roles"] == [one for one in sent["roles"] if one != "owner"]


def test_a_rejected_reason_keeps_the_form_and_control_characters_are_replaced(world: World, editor: Visitor) -> None:
    _, passport = issued(world)
    path = asked(world, passport)
    page = editor.fill(editor.get(path), then="decline", reason="x" * 501, expires="2099-01-01")
    assert page.status_code == 422
    assert 'href="#reason"' in page.text
    assert {("reason", "x" * 501), ("expires", "2099-01-01")} <= {*editor.fields(page)}
    done = editor.fill(page, then="decline", reason=PASTED)
    assert "control characters" in text_of(editor.get(done.headers["location"]))
    assert "No permit" in text_of(editor.get(path))


def test_access_is_given_without_a_request(world: World, editor: Visitor) -> None:
    product, model = issued(world, **CONTENT)
    batch, item = issue(world, product, {"lot": "L-1"}, {"lot": "L-1", "serial": "S-1"}).expect(201).data()
    path = f"/products/{product['id']}/passport/link"
    form = editor.get(path)
    typed = {"recipient": "Market <surveillance>", "purpose": "File 4711", "roles": "authority", "expires": day(30)}
    for unit, passport in (({}, model), ({"lot": "L-1"}, batch["id"]), ({"lot": "L-1", "serial": "S-1"}, item["id"])):
        form = editor.get(path)
        link = link_in(editor.fill(form, **typed, **unit), world)
        assert opened(world, link)["digitalProductPassportId"].endswith(passport)
        (grant,) = grants_of(world, passport)
        assert (grant["roles"], grant["includesBelow"], grant["singleUse"]) == (["authority"], False, False)
    wide = link_in(editor.fill(editor.get(path), **typed, includes_below="yes", single_use="yes"), world)
    assert opened(world, f"{wide}?lot=L-1&serial=S-1")["digitalProductPassportId"].endswith(item["id"])
    listed = editor.get(LINKS)
    assert "Market &lt;surveillance&gt;" in listed.text
    assert "and what is below" in text_of(listed)
    assert "Market &lt;surveillance&gt;" in editor.get(f"/products/{product['id']}/passport").text


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"recipient": " "}, "recipient"), ({"recipient": "x" * 201}, "recipient"), ({"purpose": ""}, "purpose"),
     ({"purpose": "x" * 501}, "purpose"), ({"lot": "L-9"}, "lot"), ({"serial": "9"}, "serial"),
     ({"expires": day(400)}, "expires"), ({"roles": []}, "roles")],
)  # fmt: skip
def test_a_rejected_link_keeps_the_form(world: World, editor: Visitor, typed: dict[str, Any], field: str) -> None:
    product, passport = issued(world)
    path = f"/products/{product['id']}/passport/link"
    sent: dict[str, Any] = {
        "recipient": "Authority", "purpose": "File 4711", "roles": ["authority"], "expires": day(30),
        "single_use": "yes",
    } | typed  # fmt: skip
    page = editor.fill(editor.get(path), **sent)
    assert page.status_code == 422, text_of(page)
    assert f'href="#{field}"' in page.text
    kept = editor.fields(page)
    for name, value in sent.items():
        assert [one for other, one in kept if other == name] == ([value] if isinstance(value, str) else value), name
    assert grants_of(world, passport) == []


def test_who_opened_what_is_logged_and_access_is_revoked_after_a_question(world: World, editor: Visitor) -> None:
    product, model = issued(world, **CONTENT)
    issue(world, product, {"lot": "L-1"}).expect(201)
    given = GRANT | {"includesBelow": True}
    made = world.api.post(f"/dpp/{model}/grants", bearer=world.owner.access, json=given, reveals=True).data()
    link, path = "/" + str(made["link"]).removeprefix(world.server.url), f"{LINKS}/{made['id']}"
    assert "Nobody has opened it yet" in text_of(editor.get(path))
    opened(world, link)
    opened(world, f"{link}?lot=L-1")
    uses = text_of(editor.get(path)).partition("Uses")[2]
    assert uses.index("batch L-1") < uses.rindex(f"GTIN {product['gtin'].zfill(14)}")
    question = editor.fill(editor.get(path), path)
    assert "immediately opens nothing any more" in text_of(question)
    opened(world, link)
    done = editor.fill(question, path, sure="yes")
    assert "The access is revoked" in text_of(editor.get(done.headers["location"]))
    world.api.post(link).expect(404, "not_found")
    assert "Revoke access" not in editor.get(path).text
    again = editor.fill(question, path, sure="yes")
    assert "revoked already" in text_of(editor.get(again.headers["location"]))
    actions = [one.action for one in trail(world.server.database, world.account.account_id)]
    assert actions.count("passport_access.revoked") >= 1


def test_a_viewer_reads_and_decides_nothing(world: World, new_visitor: NewVisitor) -> None:
    product, passport = issued(world)
    path = asked(world, passport)
    viewer = new_visitor(world.person("VIEWER"))
    page = viewer.get(path)
    assert page.status_code == 200
    assert 'value="approve"' not in page.text
    assert "Give access without a request" not in viewer.get(f"/products/{product['id']}/passport").text
    assert viewer.get(f"/products/{product['id']}/passport/link").status_code == 403


def test_lists_have_pages(world: World, editor: Visitor) -> None:
    _, passport = issued(world)
    for _ in range(51):
        insert_access_request(world, passport)
    first = editor.get(LISTED)
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    second = editor.get(following[1].replace("&amp;", "&"))
    assert "Newest" in text_of(second)
    assert len(re.findall(rf'href="{LISTED}/[0-9a-f-]+"', second.text)) >= 1


def test_the_preview_switches_and_compares(world: World, editor: Visitor) -> None:
    product, _ = issued(world, **CONTENT)
    path = f"/products/{product['id']}/passport/preview"
    public = editor.get(path)
    assert "For authorities" not in public.text
    assert 'value="public" selected' in public.text
    both = text_of(editor.get(f"{path}?as=legitimateInterest&with=authority"))
    assert "For recyclers Withheld" in both
    assert "Withheld For authorities" in both
    assert editor.get(f"{path}?as=nobody&with=x&lot=").status_code == 200
    assert editor.get(f"{path}?lot=L-9").status_code == 404
    assert "has no passport" in text_of(editor.get(f"/products/{create(world)['id']}/passport/preview"))


def test_the_preview_shows_what_a_partner_reads_by_its_shares(world: World, editor: Visitor) -> None:
    end_shares(world)
    product, _ = issued(world, **CONTENT)
    path = f"/products/{product['id']}/passport/preview?as=partner+{connection_of(world)}"
    assert "For recyclers" not in editor.get(path).text
    share(world, product, passportRoles=["legitimateInterest"])
    page = editor.get(path)
    assert f'value="partner {connection_of(world)}" selected' in page.text
    assert "For recyclers" in page.text
    assert "For authorities" not in page.text
    end_shares(world)
    assert "For recyclers" not in editor.get(path).text
