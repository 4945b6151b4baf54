"""Whoever removes a person is told if their company's provider brings them back."""

from __future__ import annotations

from console.browser import Visitor, text_of
from harness.openid_provider import OpenIdProvider
from harness.single_sign_on import SsoVisitor
from harness.world import World


def test_a_removed_person_comes_back_by_the_provider_and_a_disabled_one_does_not(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = provider.person.email
    assert email is not None
    assert browser.sign_on(email).status_code == 303
    owner = Visitor(sso_world.server.url, sso_world.vault)
    try:
        assert owner.sign_in(sso_world.account.owner).status_code == 303
        here = f"/account/members/{_id_of(sso_world, email)}"
        sent = [("csrf", owner.csrf()), ("act", "remove")]
        asked = owner.post(here, sent)
        assert "adds them again, as a new person" in text_of(asked)
        assert "Disable instead" in text_of(asked)
        assert owner.post(here, [*sent, ("sure", "yes")]).status_code == 303
        assert browser.sign_on(email).status_code == 303
        here = f"/account/members/{_id_of(sso_world, email)}"
        fields = [*owner.fields(owner.post(here, sent), here, holding="csrf")]
        assert (
            owner.post(here, [pair for pair in fields if pair[0] == "csrf"] + [("act", "disable")]).status_code == 303
        )
        assert browser.sign_on(email).status_code == 403
        # Nothing brings back who has no domain of the account.
        other = owner.post(f"/account/members/{sso_world.person('MEMBER').user_id}", sent)
        assert "adds them again" not in text_of(other)
        assert "They leave the account permanently." in text_of(other)
    finally:
        owner.close()


def _id_of(world: World, email: str) -> str:
    people = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    return next(str(one["id"]) for one in people if one["email"] == email)
