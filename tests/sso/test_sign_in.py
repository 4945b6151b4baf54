"""Sign-in by the account's provider, from the sign-in page to the session."""

from __future__ import annotations

from typing import Any

from harness.openid_provider import OpenIdProvider
from harness.single_sign_on import SsoVisitor
from harness.world import World


def user_of(world: World, email: str | None) -> dict[str, Any] | None:
    people = world.api.get("/account/users", bearer=world.owner.access).expect(200).data()
    return next((one for one in people if one["email"] == email), None)


def test_a_person_of_the_domain_joins_with_the_default_role_and_is_signed_in(
    sso_world: World, provider: OpenIdProvider, browser: SsoVisitor
) -> None:
    email = provider.person.email
    assert email is not None
    answer = browser.sign_on(email, "/account/sessions")
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/account/sessions"), answer.text
    assert browser.is_signed_in()
    joined = user_of(sso_world, email)
    assert joined is not None
    assert (joined["role"], joined["disabled"]) == ("MEMBER", False)
