"""A form with a secret is kept through a step-up, without the secret; whoever has no password is not asked for one."""

from __future__ import annotations

from console.browser import Visitor, text_of
from harness.people import Person
from harness.rows import execute
from harness.world import World

HERE = "/account/single-sign-on"
TYPED = {"issuer": "https://idp.example.test", "client_id": "linkxg", "role_claim": "groups"}


def _age(world: World, person: Person) -> None:
    earlier = "UPDATE sessions SET authenticated_at = authenticated_at - 660000"
    execute(world.server.database, f"{earlier} WHERE user_id = '{person.user_id}'")


def test_single_sign_on_asks_for_the_secret_again_and_keeps_the_rest(
    world: World, owner: Visitor, someone: Person
) -> None:
    page = owner.get(HERE)
    _age(world, someone)
    secret = world.vault.remember("client secret of a provider", "s3cret-of-the-provider")
    asked = owner.fill(page, HERE, **TYPED, client_secret=secret)
    assert "Confirm it is you — change single sign-on" in text_of(asked)
    assert secret not in asked.text
    shown = owner.fill(asked, HERE, confirm_password=someone.password)
    assert shown.status_code == 422
    assert "Enter the client secret again: it was not kept while you confirmed." in text_of(shown)
    assert dict(owner.fields(shown, HERE)).items() >= TYPED.items()
    assert "secret_left_out" not in dict(owner.fields(shown, HERE))


def test_an_error_elsewhere_says_that_the_secret_is_to_be_entered_again(owner: Visitor) -> None:
    answer = owner.fill(owner.get(HERE), HERE, **TYPED, client_secret="typed", mapping="admins: ADMIN")
    assert answer.status_code == 422
    assert "Enter the client secret again: no page shows it." in text_of(answer)


def test_a_person_without_a_password_is_not_asked_for_one(world: World, owner: Visitor, someone: Person) -> None:
    execute(world.server.database, f"UPDATE users SET password_hash = '' WHERE id = '{someone.user_id}'")
    execute(world.server.database, f"UPDATE sessions SET amr = 'fed' WHERE user_id = '{someone.user_id}'")
    page = owner.get("/account/password")
    assert "You have no password here" in text_of(page)
    assert 'name="current_password"' not in page.text
    assert 'name="current_password"' not in owner.get("/account/profile").text
    _age(world, someone)
    asked = owner.fill(owner.get(HERE), HERE, **TYPED)
    assert "Sign in with your company again" in text_of(asked)
    assert 'name="confirm_password"' not in asked.text
    kept = owner.fill(asked, HERE, confirm_cancel="yes")
    assert dict(owner.fields(kept, HERE)).items() >= TYPED.items()
