"""E-mail addresses beyond ASCII are one address in every spelling (RFC 5891, RFC 6531)."""

from __future__ import annotations

import unicodedata

import pytest

from console.browser import Visitor
from harness.people import accept, invite, login
from harness.world import World

ADDRESS = "Einkauf@Müller-{}.example"


def spellings(typed: str) -> list[str]:
    local, _, domain = typed.partition("@")
    encoded = domain.lower().encode("idna").decode()
    return [
        typed,
        typed.lower(),
        unicodedata.normalize("NFD", typed),
        f"{local}@{encoded}",
        f"{local}@{encoded}".upper(),
    ]


def test_an_invited_international_address_can_sign_in(world: World) -> None:
    typed = ADDRESS.format(world.server.database.__class__.__name__[:4])
    _, token = invite(world.api, world.owner, "MEMBER", typed)
    password = world.vault.password()
    accept(world.api, token, password).expect(201)
    for spelling in spellings(typed):
        answer = login(world.api, spelling, password).expect(200)
        assert answer.data()["user"]["email"] == typed
        visitor = Visitor(world.server.url, world.vault)
        inside = visitor.fill(visitor.get("/sign-in"), "/sign-in", email=spelling, password=password)
        assert inside.status_code == 303, spelling
        visitor.close()
        body = {"email": spelling, "role": "VIEWER"}
        world.api.post("/account/users", bearer=world.owner.access, json=body).expect(409, "conflict")


@pytest.mark.parametrize(
    "wrong", ["a@ü" + "x" * 70 + ".example", "a@xn--\u00fc.example", "a@\u2488com.example", "a@ü..example"]
)
def test_an_impossible_domain_is_rejected(world: World, wrong: str) -> None:
    body = {"email": wrong, "role": "VIEWER"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(400, "invalid_request")
