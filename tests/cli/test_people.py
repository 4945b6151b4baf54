"""`linkxg people reset-link`: the operator's way back into an account. Security rules 149 and 153."""

from __future__ import annotations

import json
from collections.abc import Callable

from harness.client import PASSWORD_LINK
from harness.people import login, me
from harness.server import Server
from harness.smtp_sink import SmtpSink
from harness.world import World
from password_reset.links import MADE, complete


def reset_link(server: Server, email: str, *options: str) -> str:
    """What the command prints."""
    printed = server.command("people", "reset-link", "--email", email, *options, reveals=True).decode()
    for token in PASSWORD_LINK.findall(printed):
        server.vault.remember("password link", token)
    return printed


def test_the_operator_makes_a_link_while_the_service_runs(
    engine: str, smtp_sink: SmtpSink, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    owner, session, new = world.account.owner, world.owner, world.vault.password()
    printed = reset_link(world.server, owner.email.upper())
    assert printed.count("\n") == 1
    (token,) = PASSWORD_LINK.findall(printed)
    assert printed.startswith("http")
    (mail,) = smtp_sink.wait_for_all(owner.email, 1, MADE)
    assert "The operator of this service" in mail.text()
    assert token not in mail.text()
    complete(world.api, token, new).expect(200)
    complete(world.api, token, world.vault.password()).expect(404, "not_found")
    me(world.api, session.access).expect(401, "invalid_token")
    access = login(world.api, owner.email, new).expect(200).data()["accessToken"]
    trail = world.api.get("/account/audit-events?action=password.link_created", bearer=access).expect(200).object()
    (event,) = trail["data"]
    assert (event["actorKind"], event["source"], event["target"]) == ("cli", "cli", owner.user_id)


def test_a_later_link_of_the_operator_ends_the_earlier_one(fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite")
    email = world.account.owner.email
    first = reset_link(world.server, email)
    second = json.loads(reset_link(world.server, email, "--json"))
    assert second.keys() == {"email", "link", "expires_at"}
    links = [PASSWORD_LINK.findall(one)[0] for one in (first, second["link"])]
    complete(world.api, links[0], world.vault.password()).expect(404, "not_found")
    complete(world.api, links[1], world.vault.password()).expect(200)


def test_the_operator_is_told_why_there_is_no_link(fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite")
    person = world.person()
    path = f"/account/users/{person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    for email, message in (
        ("nobody@example.test", b"No person has this e-mail address."),
        (person.email, b"This person is disabled. Enable them first."),
        ("nobody", b"The field email is not a valid e-mail address."),
    ):
        done = world.server.try_command("people", "reset-link", "--email", email)
        assert (done.returncode, done.stdout) == (1, b"")
        assert message in done.stderr


def test_a_link_without_a_host_says_how_to_complete_it(fresh_world: Callable[..., World]) -> None:
    world = fresh_world("sqlite")
    email = world.account.owner.email
    done = world.server.try_revealing_command("people", "reset-link", "--email", email, LINKXG_PUBLIC_URL="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"/password-reset/")
    (token,) = PASSWORD_LINK.findall(done.stdout.decode())
    world.vault.remember("password link", token)
    assert b"LINKXG_PUBLIC_URL is not set" in done.stderr
    assert b"no mail tells the person" in done.stderr
    assert token.encode() not in done.stderr
