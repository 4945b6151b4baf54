"""Registers passkeys of people and signs in with them, by a software authenticator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from harness.answers import Answer
from harness.authenticator import Credential, Options, SoftwareAuthenticator
from harness.people import Session, refresh, session_of
from harness.world import World


def new_authenticator(world: World, **traits: Any) -> SoftwareAuthenticator:
    """One that has no passkey yet, in a browser at the server's own address."""
    origin = world.server.environment["LINKXG_PUBLIC_URL"]
    return SoftwareAuthenticator(origin, urlsplit(origin).hostname or "", **traits)


def creation_options(world: World, session: Session) -> Options:
    answer = world.api.post("/auth/factors/passkeys/options", bearer=session.access)
    options: Options = answer.expect(200).data()["publicKey"]
    return options


def register(world: World, session: Session, credential: Credential, name: str | None = None) -> Answer:
    body = {"credential": credential} | ({} if name is None else {"name": name})
    return world.api.post("/auth/factors/passkeys", bearer=session.access, json=body, reveals=True)


def add_passkey(world: World, session: Session, authenticator: SoftwareAuthenticator, name: str | None = None) -> str:
    """The id of the new passkey."""
    credential = authenticator.create(creation_options(world, session))
    answer = register(world, session, credential, name)
    return str(answer.expect(201).data()["passkey"]["id"])


def renewed(world: World, session: Session) -> Session:
    """The session with a token that knows of the factor that was added to it."""
    return session_of(session.person, refresh(world.api, session.refresh).expect(200))


def passkey_of(world: World, session: Session, **traits: Any) -> SoftwareAuthenticator:
    """An authenticator with a registered passkey of this person."""
    authenticator = new_authenticator(world, **traits)
    add_passkey(world, session, authenticator)
    return authenticator


def request_options(world: World) -> Options:
    """For a sign-in by whoever has a passkey."""
    options: Options = world.api.post("/auth/passkey/options").expect(200).data()["publicKey"]
    return options


def sign_in_by(world: World, credential: Credential) -> Answer:
    return world.api.post("/auth/passkey", json={"credential": credential}, reveals=True)


def passkey_sign_in(world: World, authenticator: SoftwareAuthenticator, **answered: Any) -> Answer:
    """One attempt, with a challenge of its own."""
    return sign_in_by(world, authenticator.get(request_options(world), **answered))


def list_passkeys(world: World, session: Session) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.api.get("/auth/factors/passkeys", bearer=session.access).expect(200).data()
    return found


def step_options(world: World, mfa_token: str) -> Options:
    """For the second step of a sign-in whose password was correct."""
    answer = world.api.post("/auth/mfa/passkey-options", json={"mfaToken": mfa_token})
    options: Options = answer.expect(200).data()["publicKey"]
    return options


def second_step_by(world: World, mfa_token: str, credential: Credential) -> Answer:
    body = {"mfaToken": mfa_token, "method": "passkey", "credential": credential}
    return world.api.post("/auth/mfa", json=body, reveals=True)


def edited(credential: Credential, **members: Any) -> Credential:
    """The same, with other members of the response."""
    return credential | {"response": credential["response"] | members}
