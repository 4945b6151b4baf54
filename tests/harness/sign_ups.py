"""Creates accounts by the links of sign-ups."""

from __future__ import annotations

import re
from typing import Any

from harness.answers import Answer
from harness.smtp_sink import SmtpSink
from harness.world import World

LINK = re.compile(r"/sign-up/(lxgsup_[0-9A-Za-z]{49})")


def request_link(world: World, email: str, **options: Any) -> Answer:
    return world.api.post("/accounts/sign-up", json={"email": email}, **options)


def token_for(world: World, sink: SmtpSink, email: str, *, number: int = 1) -> str:
    """The token of the mail with this number to an address, which waits for it."""
    found = LINK.search(sink.wait_for_all(email, number)[number - 1].text())
    assert found is not None
    return world.vault.remember("sign-up token", found.group(1))


def link_of(world: World, sink: SmtpSink, email: str) -> str:
    """Request a link; the token in its mail."""
    request_link(world, email).expect(200)
    return token_for(world, sink, email)


def complete(world: World, token: str, name: str = "Acme GmbH", **options: Any) -> tuple[Answer, str]:
    """An attempt to create an account, and the password."""
    password = world.vault.password()
    given = {"token": token, "accountName": name, "password": password} | options.pop("given", {})
    return world.api.post("/accounts/sign-up/complete", json=given, **options), password
