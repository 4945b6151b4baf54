"""No representation tells anything of a field whose set of roles the reader's roles do not meet.

Every member of a content with every set, for every reader, in everything that is made of a passport.
Security rules 240 and 245.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from console.browser import Visitor
from harness.answers import Answer
from harness.world import World
from linkxg.clock import now_ms, rfc3339
from network.sharing import end_shares, share
from passports.matrix import GUARDED, Guarded, dumped, guarded_passports
from passports.reading import CREDENTIAL, JWT, decoded
from races.things import GRANT

JSON, HTML = "application/json", "text/html"
TYPES = (JSON, HTML, "application/ld+json", CREDENTIAL, "application/vc+ld+json", JWT)
LANGUAGES = ("en", "de")
GRANTED = {
    "interested": ["legitimateInterest"],
    "authority": ["authority"],
    "both": ["legitimateInterest", "authority"],
}
READERS: dict[str, list[str]] = {
    "anybody": ["public"],
    "partner": ["public"],
    **{name: ["public", *roles] for name, roles in GRANTED.items()},
    "owner": ["public", "legitimateInterest", "authority", "owner"],
}
Told = Iterator[tuple[str, str]]
"""What was asked, and all that its answer says, header fields included."""


@pytest.fixture(scope="module")
def passports(world: World) -> list[Guarded]:
    return guarded_passports(world)


def text_of(answer: Answer) -> str:
    """A signed passport is decoded, JSON written without escapes."""
    text = answer.body.decode()
    kind = (answer.header("content-type") or "").partition(";")[0]
    if kind == JWT:
        text = "".join(map(dumped, decoded(text)))
    elif kind.endswith("json") or kind == CREDENTIAL:
        text = dumped(json.loads(text))
    return text + "".join(f"{name}: {value}\n" for name, value in answer.fields)


def _whole(name: str) -> str:
    return name.partition(".")[0].partition("[")[0]


def _documents(world: World, one: Guarded, bearer: str | None) -> Told:
    """The passport itself, at both addresses, in each representation, edition and language."""
    now = quote(rfc3339(now_ms() + 60_000))
    for path in (f"//dpp/{one.id}", f"/dpp/{one.id}"):
        for query in ("", "?version=1", f"?asOf={now}"):
            for accept in TYPES:
                for language in LANGUAGES if accept == HTML else LANGUAGES[:1]:
                    headers = {"Accept": accept, "Accept-Language": language}
                    found = world.api.get(path + query, bearer=bearer, headers=headers).expect(200)
                    yield f"{path}{query} {accept}", text_of(found)


def _elements(world: World, one: Guarded, bearer: str | None) -> Told:
    for path in ("$", "$.content", "$.withheld", "$.facilityId", *(f"$.content.{name}" for name in GUARDED)):
        found = world.api.get(f"/dpp/{one.id}/elements/{path}", bearer=bearer).expect_one_of(
            (200, None), (404, "not_found")
        )
        yield path, text_of(found)
    dpp = quote(f"{world.server.url}/dpp/{one.id}", safe="")
    for path in GUARDED:
        for form in ("", "?representation=full"):
            where = f"//v1/dpps/{dpp}/elements/{quote(f'$.{path}')}{form}"
            yield where, text_of(world.api.get(where, bearer=bearer).expect_one_of((200, None), (404, "not_found")))


def _en18222(world: World, one: Guarded, bearer: str | None) -> Told:
    dpp, carrier = quote(f"{world.server.url}/dpp/{one.id}", safe=""), quote(one.carrier, safe="")
    now = quote(rfc3339(now_ms() + 60_000))
    for path in (f"dpps/{dpp}?", f"dppsByProductId/{carrier}?", f"dppsByIdAndDate/{dpp}?date={now}&"):
        for form in ("compressed", "full"):
            where = f"//v1/{path}representation={form}"
            yield where, text_of(world.api.get(where, bearer=bearer).expect(200))


def _around(world: World, one: Guarded, bearer: str | None) -> Told:
    """Lists, data carriers, the resolver, and the issuer."""
    link = urlsplit(one.carrier).path
    slug = link.split("/")[1]
    paths = [
        f"/dpp/{one.id}/versions", f"//dpp/{one.id}/qr", f"/dpp/{one.id}/qr?format=svg&ecc=Q", f"/{link}?linkType=all",
        f"/{link}?linkType=linkset", f"//{slug}/did.json", f"//{slug}/status/1",
    ]  # fmt: skip
    if bearer is not None:
        shared = "" if bearer == world.owner.access else "&shared=true"
        paths.append(f"/dpp?productId={one.product}{shared}")
    for path in paths:
        found = world.api.get(path, bearer=bearer)
        assert found.status < 400, (path, found)
        text = found.body if found.header("content-type") != "application/vc+jwt" else b""
        yield path, text.decode("utf-8", "replace") + "".join(f"{name}: {value}\n" for name, value in found.fields)
    if bearer is not None:
        ids = world.api.post("//v1/dppsByProductIds", bearer=bearer, json=[one.carrier]).expect(200)
        yield "dppsByProductIds", text_of(ids)
        credential = world.api.get(f"//dpp/{one.id}", bearer=bearer, headers={"Accept": CREDENTIAL}).object()
        signed = world.api.get(f"//dpp/{one.id}", bearer=bearer, headers={"Accept": JWT}).expect(200)
        yield "validate", text_of(world.api.post("/dpp/validate", bearer=bearer, json=credential).expect(200))
        checked = world.api.post("/dpp/validate", bearer=bearer, content=signed.body, headers={"Content-Type": JWT})
        yield "validate signed", text_of(checked.expect(200))


def _told(world: World, one: Guarded, bearer: str | None) -> Told:
    for part in (_documents, _elements, _en18222, _around):
        yield from part(world, one, bearer)


def _check(one: Guarded, roles: list[str], told: Told, reader: str) -> set[str]:
    """Nothing is told that the roles do not see; returns what is told at all."""
    seen = one.seen(roles)
    all_told: set[str] = set()
    for asked, text in told:
        shown = one.shown_in(text)
        assert {name for name in shown if not seen[name]} == set(), (reader, one.id, asked)
        all_told |= shown
    return all_told


@pytest.mark.parametrize("reader", READERS)
def test_no_representation_tells_a_field_to_other_roles(world: World, passports: list[Guarded], reader: str) -> None:
    end_shares(world)
    roles, bearer = READERS[reader], None
    if reader == "owner":
        bearer = world.owner.access
    elif reader != "anybody":
        share(world, type="ALL", passportRoles=[role for role in roles if role != "public"])
        bearer = world.other_owner.access
    for one in passports:
        told = _check(one, roles, _told(world, one, bearer), reader)
        assert told == {name for name, is_seen in one.seen(roles).items() if is_seen}, "what is seen is shown"
        seen = one.seen(roles)
        # What is in a list or in the attributes is not named where the whole is withheld.
        named = {name for name, is_seen in seen.items() if not is_seen and (name in GUARDED or seen[_whole(name)])}
        assert {*world.api.get(f"/dpp/{one.id}", bearer=bearer).expect(200).data()["withheld"]} == named
    end_shares(world)


@pytest.mark.parametrize("reader", GRANTED)
def test_no_link_tells_a_field_to_other_roles(world: World, passports: list[Guarded], reader: str) -> None:
    roles = ["public", *GRANTED[reader]]
    for one in passports:
        given = GRANT | {"roles": GRANTED[reader], "includesBelow": True}
        made = world.api.post(f"/dpp/{one.id}/grants", bearer=world.owner.access, json=given, reveals=True)
        path = "/" + str(made.expect(201).data()["link"]).removeprefix(world.server.url)

        def told(path: str = path) -> Told:
            for accept in TYPES:
                opened = world.api.post(path, headers={"Accept": accept}).expect(200)
                yield f"opened {accept}", text_of(opened)
            for accept in (JSON, HTML):
                offered = world.api.get(path, headers={"Accept": accept}).expect(200)
                yield f"offered {accept}", text_of(offered)

        assert _check(one, roles, told(), reader) == {name for name, is_seen in one.seen(roles).items() if is_seen}


def test_the_public_page_says_the_same_after_others_have_read(world: World, passports: list[Guarded]) -> None:
    """What is kept for strangers is never what somebody else was shown."""
    for one in passports:
        for bearer in (world.owner.access, None):
            for accept in TYPES:
                text = text_of(world.api.get(f"//dpp/{one.id}", bearer=bearer, headers={"Accept": accept}).expect(200))
                if bearer is None:
                    assert all(one.seen(["public"])[name] for name in one.shown_in(text)), accept


PREVIEWED = {
    "public": ["public"],
    "legitimateInterest": ["public", "legitimateInterest"],
    "authority": ["public", "authority"],
    "everything": READERS["owner"],
}


def test_the_preview_of_the_console_shows_what_the_reader_sees(world: World, passports: list[Guarded]) -> None:
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.person("VIEWER")).status_code == 303
    for one in passports:
        lot = "&lot=L-1" if one.carrier.endswith("/10/L-1") else ""
        # The name of the product is on every page of the console: that of its owner.
        hidden = "name"
        for reader, roles in PREVIEWED.items():
            page = visitor.get(f"/products/{one.product}/passport/preview?as={reader}{lot}")
            assert page.status_code == 200
            shown, seen = one.shown_in(page.text), one.seen(roles)
            assert shown - {hidden} == {name for name, is_seen in seen.items() if is_seen} - {hidden}, reader
        compared = visitor.get(f"/products/{one.product}/passport/preview?as=public&with=authority{lot}")
        both = one.seen(["public", "authority"])
        assert one.shown_in(compared.text) - {hidden} == {name for name, is_seen in both.items() if is_seen} - {hidden}
    visitor.close()


def test_labels_tell_their_links_alone(world: World, passports: list[Guarded]) -> None:
    for one in passports:
        lots = [{"lot": "L-1"}] if one.carrier.endswith("/10/L-1") else [{}]
        given = {"productId": one.product, "labels": lots}
        page = world.api.post("/dpp/labels", bearer=world.owner.access, json=given).expect(200)
        # Whoever prints them is the owner; the labels are for everybody.
        assert all(one.seen(["public"])[name] for name in one.shown_in(page.body.decode()))
