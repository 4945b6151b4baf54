"""Creates people, signs them in and acts as them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from harness.answers import Answer
from harness.client import INVITATION, Client
from harness.token_forge import decode_unverified

ROLES = ("OWNER", "ADMIN", "MEMBER", "VIEWER")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody with a password."""

    user_id: str
    email: str
    password: str
    role: str


@dataclass(frozen=True)
class Account:
    """An organisation and its first Owner."""

    account_id: str
    name: str
    owner: Person


@dataclass(frozen=True)
class Session:
    """What a sign-in or a refresh handed out."""

    person: Person
    access: str
    refresh: str

    @property
    def session_id(self) -> str:
        return str(decode_unverified(self.access)[1]["sid"])


def new_email(name: str = "person") -> str:
    """An address that nobody in this run has yet."""
    return f"{name}.{next(_numbers)}@example.test"


def login(client: Client, email: str, password: str, **options: Any) -> Answer:
    """One sign-in attempt; a success registers the tokens."""
    return client.post("/auth/login", json={"email": email, "password": password}, reveals=True, **options)


def sign_in(client: Client, person: Person) -> Session:
    """A fresh session of this person."""
    return session_of(person, login(client, person.email, person.password).expect(200))


def session_of(person: Person, answer: Answer) -> Session:
    """The tokens of a successful login or refresh."""
    data = answer.data()
    return Session(person, data["accessToken"], data["refreshToken"])


def refresh(client: Client, token: str, *, key: str | None = None, **options: Any) -> Answer:
    """One refresh attempt, with an Idempotency-Key when `key` is given."""
    headers = {"Idempotency-Key": key} if key is not None else {}
    options.setdefault("reveals", True)
    return client.post("/auth/refresh", json={"refreshToken": token}, headers=headers, **options)


def me(client: Client, access: str) -> Answer:
    """Describes the person of an access token; 401 once that is invalid."""
    return client.get("/auth/me", bearer=access)


def logout(client: Client, access: str) -> Answer:
    return client.post("/auth/logout", bearer=access)


def invite(client: Client, by: Session, role: str, email: str | None = None) -> tuple[str, str]:
    """Invite somebody; answers the address and the one-time token of the link."""
    address = email or new_email(role.lower())
    answer = client.post(
        "/account/users", bearer=by.access, json={"email": address, "role": role}, reveals=True
    ).expect(201)
    link = INVITATION.search(answer.body.decode())
    assert link is not None, f"no invitation link in {answer}"
    return address, link.group(1)


def accept(client: Client, token: str, password: str, **options: Any) -> Answer:
    """Follow an invitation's link and choose a password."""
    return client.post(f"/invitations/{token}/accept", json={"password": password}, reveals=True, **options)


def add_person(client: Client, by: Session, role: str) -> Person:
    """Invite somebody and accept in their place."""
    address, token = invite(client, by, role)
    password = client.vault.password()
    answer = accept(client, token, password)
    return Person(answer.expect(201).data()["id"], address, password, role)
