"""Every kind of revocation, with the credential that it must invalidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from harness.clients import OAuthClient, get_token, request_token, revoke, rotate
from harness.concurrency import PersistentClient
from harness.people import Session, logout, me, refresh, session_of, sign_in
from harness.world import World


class Revocation(NamedTuple):
    """`act` cuts off through one client, and has its answer when it returns; `is_refused` asks through any other.

    `token` is the access token that it ends, None if it ends another credential.
    """

    act: Callable[[PersistentClient], object]
    is_refused: Callable[[PersistentClient], bool]
    token: str | None = None


def _revokes_token(world: World, act: Callable[[PersistentClient, OAuthClient, str], object]) -> Revocation:
    oauth = world.new_client()
    token = get_token(world.api, oauth)
    return Revocation(
        lambda client: act(client, oauth, token),
        lambda client: client.get("/products", bearer=token).status == 401,
        token,
    )


def _revokes_session(world: World, act: Callable[[PersistentClient, Session], object]) -> Revocation:
    session = world.session("ADMIN")
    return Revocation(
        lambda client: act(client, session), lambda client: me(client, session.access).status == 401, session.access
    )


def _changed(client: PersistentClient, world: World, oauth: OAuthClient, **fields: object) -> None:
    client.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json=fields).expect(200)


def _person(client: PersistentClient, world: World, session: Session, **fields: object) -> None:
    client.patch(f"/account/users/{session.person.user_id}", bearer=world.owner.access, json=fields).expect(200)


def token_revoked(world: World) -> Revocation:
    return _revokes_token(world, lambda client, oauth, token: revoke(client, oauth, token).expect(200))


def rotated_with_its_tokens(world: World) -> Revocation:
    return _revokes_token(
        world, lambda client, oauth, _: rotate(client, oauth, world.owner.access, revoke_tokens=True).expect(200)
    )


def client_disabled(world: World) -> Revocation:
    return _revokes_token(world, lambda client, oauth, _: _changed(client, world, oauth, disabled=True))


def client_narrowed(world: World) -> Revocation:
    return _revokes_token(world, lambda client, oauth, _: _changed(client, world, oauth, scope="products:read"))


def client_deleted(world: World) -> Revocation:
    return _revokes_token(
        world,
        lambda client, oauth, _: client.delete(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(
            204
        ),
    )


def secret_rotated(world: World) -> Revocation:
    oauth = world.new_client()
    return Revocation(
        lambda client: rotate(client, oauth, world.owner.access).expect(200),
        lambda client: request_token(client, oauth).status == 401,
    )


def logged_out(world: World) -> Revocation:
    return _revokes_session(world, lambda client, session: logout(client, session.access).expect(200))


def session_ended(world: World) -> Revocation:
    def act(client: PersistentClient, session: Session) -> None:
        listed = client.get("/auth/sessions", bearer=session.access).expect(200).data()
        client.delete(f"/auth/sessions/{listed[0]['id']}", bearer=session.access).expect(204)

    return _revokes_session(world, act)


def password_changed(world: World) -> Revocation:
    def act(client: PersistentClient, session: Session) -> None:
        other = sign_in(world.api, session.person)
        passwords = {"currentPassword": session.person.password, "newPassword": world.vault.password()}
        client.post("/auth/password", bearer=other.access, json=passwords).expect(200)

    return _revokes_session(world, act)


def refresh_token_reused(world: World) -> Revocation:
    first = world.session("ADMIN")
    session = session_of(first.person, refresh(world.api, first.refresh).expect(200))
    return Revocation(
        lambda client: refresh(client, first.refresh).expect(401, "invalid_token"),
        lambda client: me(client, session.access).status == 401,
        session.access,
    )


def role_lowered(world: World) -> Revocation:
    return _revokes_session(world, lambda client, session: _person(client, world, session, role="VIEWER"))


def person_disabled(world: World) -> Revocation:
    return _revokes_session(world, lambda client, session: _person(client, world, session, disabled=True))


def person_removed(world: World) -> Revocation:
    return _revokes_session(
        world,
        lambda client, session: client.delete(
            f"/account/users/{session.person.user_id}", bearer=world.owner.access
        ).expect(204),
    )


EVERY_REVOCATION = (
    token_revoked, rotated_with_its_tokens, client_disabled, client_narrowed, client_deleted, secret_rotated,
    logged_out, session_ended, password_changed, refresh_token_reused, role_lowered, person_disabled, person_removed,
)  # fmt: skip
