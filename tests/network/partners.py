"""Makes accounts that no other test knows of, and connects them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from harness.answers import Answer, JsonObject
from harness.client import INVITATION
from harness.people import Person, Session, new_email, sign_in
from harness.world import World
from products.catalogue import new_gtin

CONNECTIONS = "/connections"


def invite(world: World, by: Session, *, role: str = "SUPPLIER", **given: Any) -> Answer:
    """One invitation by slug, GLN or e-mail address."""
    options = {name: given.pop(name) for name in ("headers", "repeats") if name in given}
    return world.api.post(
        CONNECTIONS, bearer=by.access, json={"relationship": role} | given, reveals="repeats" not in options, **options
    )


def token_of(answer: Answer) -> str:
    found = INVITATION.search(answer.body.decode())
    assert found is not None
    return found.group(1)


def join(world: World, token: str, name: str, *, gln: str | None = None, **options: Any) -> tuple[Answer, str]:
    """An attempt to create an account by the link of an invitation, and the password."""
    password = world.vault.password()
    given = {"accountName": name, "password": password} | ({} if gln is None else {"gln": gln})
    return world.api.post(f"/connection-invitations/{token}/accept", json=given, **options), password


def new_partner(world: World, name: str | None = None) -> tuple[Session, JsonObject]:
    """The Owner of a new account, and its connection with the first account, which invited it by mail."""
    address = new_email("partner")
    made = invite(world, world.owner, inviteeEmail=address).expect(201)
    answer, password = join(world, token_of(made), name or f"Partner {uuid4()}")
    connection = answer.expect(201).data()
    session = sign_in(world.api, Person("", address, password, "OWNER"))
    return session, connection


def new_account(world: World) -> Session:
    """The Owner of a new account without connections."""
    session, connection = new_partner(world)
    act(world, session, connection, "revoke").expect(200)
    return session


def account(world: World, session: Session) -> JsonObject:
    found: JsonObject = world.api.get("/account", bearer=session.access).expect(200).data()
    return found


def slug_of(world: World, session: Session) -> str:
    return str(account(world, session)["slug"])


def declare_gln(world: World, session: Session, gln: str | None = None) -> str:
    found = gln or new_gtin()
    world.api.patch("/account", bearer=session.access, json={"gln": found}).expect(200)
    return found


def confirm_gln(world: World, by: Session, connection_id: str, gln: str) -> Answer:
    return world.api.post(f"{CONNECTIONS}/{connection_id}/confirm-gln", bearer=by.access, json={"gln": gln})


def act(world: World, session: Session, connection: JsonObject, verb: str, **options: Any) -> Answer:
    return world.api.post(f"{CONNECTIONS}/{connection['id']}/{verb}", bearer=session.access, **options)


def read(world: World, session: Session, connection: JsonObject) -> Answer:
    return world.api.get(f"{CONNECTIONS}/{connection['id']}", bearer=session.access)


def listed(world: World, session: Session, query: str = "") -> list[JsonObject]:
    found: list[JsonObject] = world.api.get(f"{CONNECTIONS}{query}", bearer=session.access).expect(200).object()["data"]
    return found
