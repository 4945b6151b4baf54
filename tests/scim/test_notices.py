"""The Owners learn by mail of Admins that an identity provider makes."""

from __future__ import annotations

from collections.abc import Callable

from harness.smtp_sink import SmtpSink
from harness.world import World
from scim.provider import new_provider

NEW_ADMIN = "New Admin on LinkXG"


def test_the_owners_learn_of_an_admin_made_by_scim(
    engine: str, fresh_world: Callable[..., World], smtp_sink: SmtpSink
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    owner, provider = world.account.owner.email, new_provider(world)
    assert "SCIM token “IdP”" in smtp_sink.wait_for(owner, subject="SCIM token created").text()
    address = provider.address()
    provider.create(userName=address, displayName="Ada Weaver", roles=[{"value": "ADMIN"}])
    text = smtp_sink.wait_for(owner, subject=NEW_ADMIN).text()
    assert f"Ada Weaver ({address}) was added by your identity provider (SCIM)" in text
    assert "By: your identity provider, by SCIM" in text
    member = provider.create()
    operation = {"op": "replace", "path": "roles", "value": [{"value": "ADMIN"}]}
    provider.patch(member["id"], operation).expect(200)
    assert member["userName"] in smtp_sink.wait_for(owner, subject=NEW_ADMIN, number=2).text()
    assert "You are now Admin" in smtp_sink.wait_for(member["userName"], subject=NEW_ADMIN).text()
    renamed = provider.address()
    provider.patch(member["id"], {"op": "replace", "path": "userName", "value": renamed}).expect(200)
    text = smtp_sink.wait_for(member["userName"], subject="Your e-mail address was changed").text()
    assert renamed in text
