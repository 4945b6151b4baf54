"""Changes of what an account requires of sign-ins and secrets are mailed, weaker ones as such. Security rule 193."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from conftest import ServerFactory
from console.browser import Visitor
from harness.email_changes import Mailing, mailing_server
from harness.factors import add_totp, sign_in_with_factor
from harness.people import Session, new_email

WEAKER, RULES = "Sign-in rules weakened", "Sign-in rules changed"
CONTACT, SECRETS = "Security contact changed", "Lifetime of new secrets changed"
SOON, LATER = "2090-01-01T00:00:00Z", "2091-01-01T00:00:00Z"


class Ruled(NamedTuple):
    mailing: Mailing
    access: str
    """Of an Owner with a second factor."""

    def set(self, **settings: Any) -> None:
        self.mailing.world.api.patch("/account", bearer=self.access, json=settings).expect(200)

    def told(self, subject: str, number: int, to: str | None = None) -> str:
        address = to or self.mailing.world.account.owner.email
        return self.mailing.sink.wait_for(address, subject=subject, number=number).text()

    def count(self, subject: str) -> int:
        """The notices to the Owner so far: mails do not overtake each other, so a later one is awaited first."""
        marker = new_email("marker")
        self.set(securityContact=marker)
        self.mailing.sink.wait_for(marker, subject=CONTACT)
        return len(self.mailing.mails_to(self.mailing.world.account.owner.email, subject))


@pytest.fixture(scope="module")
def ruled(engine: str, new_server: ServerFactory) -> Iterator[Ruled]:
    with mailing_server(new_server, engine) as mailing:
        world = mailing.world
        app = add_totp(world.api, Session(world.account.owner, world.owner.access, world.owner.refresh))
        session = sign_in_with_factor(world.api, world.account.owner, app.codes[0], "recovery_code")
        yield Ruled(mailing, session.access)


# Every setting of the account: two values, and what the notice of the second is called; None is of no concern.
SETTINGS: dict[str, tuple[Any, Any, str | None]] = {
    "name": ("Acme GmbH", "Acme AG", None),
    "slug": ("acme-one", "acme-two", None),
    "gln": (None, "4012345000009", None),
    "securityContact": (None, "security@example.test", CONTACT),
    "clientLifetimeDays": (30, None, SECRETS),
    "mfaRequirement": ("EVERYBODY", "ADMINISTRATORS", WEAKER),
    "mfaRequiredFrom": (SOON, LATER, WEAKER),
    "stepUpMinutes": (30, None, WEAKER),
}


def test_every_setting_of_the_account_is_on_this_list(ruled: Ruled) -> None:
    schemas = ruled.mailing.world.api.get("/openapi.json").json()["components"]["schemas"]
    assert set(SETTINGS) == set(schemas["ChangeAccount"]["properties"])


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_weakened_is_mailed_to_the_owners_and_the_contact(ruled: Ruled, name: str) -> None:
    first, second, subject = SETTINGS[name]
    contact = new_email("contact")
    ruled.set(mfaRequirement="EVERYBODY", mfaRequiredFrom=SOON, stepUpMinutes=30, clientLifetimeDays=30)
    ruled.set(**{name: first})
    if name != "securityContact":
        ruled.set(securityContact=contact)
    before = {one: ruled.count(one) for one in (WEAKER, RULES, SECRETS)}
    contact = ruled.mailing.world.api.get("/account", bearer=ruled.access).data()["securityContact"]
    told = len(ruled.mailing.mails_to(ruled.mailing.world.account.owner.email, CONTACT))
    ruled.set(**{name: second})
    if subject is not None:
        number = (told if subject == CONTACT else before[subject]) + 1
        text = ruled.told(subject, number)
        assert f"By: {ruled.mailing.world.account.owner.email}" in text
        assert text.splitlines()[0] in ruled.told(subject, 2 if subject == CONTACT else 1, contact)
    expected = {one: number + (one == subject) for one, number in before.items()}
    assert {one: ruled.count(one) for one in before} == expected


def test_the_notice_says_how_it_was_and_how_it_is(ruled: Ruled) -> None:
    ruled.set(mfaRequirement="EVERYBODY", mfaRequiredFrom=SOON, stepUpMinutes=30, clientLifetimeDays=30)
    number = ruled.count(WEAKER) + 1
    ruled.set(mfaRequirement="NONE", stepUpMinutes=60)
    text = ruled.told(WEAKER, number)
    assert "now required of nobody; before, of everybody from 1 Jan 2090, 00:00 UTC on" in text
    assert "now need a new authentication after 60 minutes; before, after 30 minutes" in text
    number = ruled.count(RULES) + 1
    ruled.set(mfaRequirement="ADMINISTRATORS", mfaRequiredFrom=LATER, stepUpMinutes=5)
    text = ruled.told(RULES, number)
    assert "of Owners and Admins from 1 Jan 2091, 00:00 UTC on; before, of nobody" in text
    number = ruled.count(SECRETS) + 1
    ruled.set(clientLifetimeDays=365)
    assert "now expire after 365 days; before, after 30 days" in ruled.told(SECRETS, number)


def test_a_contact_who_is_replaced_in_the_same_request_is_told(ruled: Ruled) -> None:
    former, new = new_email("former"), new_email("new")
    ruled.set(securityContact=former, stepUpMinutes=30, clientLifetimeDays=30)
    ruled.set(securityContact=new, stepUpMinutes=None, clientLifetimeDays=None)
    for subject in (WEAKER, SECRETS):
        ruled.told(subject, 1, former)
        ruled.told(subject, 1, new)
    ruled.told(CONTACT, 2, former)


def test_what_is_saved_in_the_console_is_told(ruled: Ruled) -> None:
    world, page = ruled.mailing.world, "/account/sign-in-rules"
    ruled.set(mfaRequirement="EVERYBODY", mfaRequiredFrom=SOON, stepUpMinutes=None)
    # Invited by a session without a second factor, before step-up asks for it.
    person = ruled.mailing.session("OWNER").person
    ruled.set(stepUpMinutes=30)
    number = ruled.count(WEAKER) + 1
    with closing(Visitor(world.server.url, world.vault)) as visitor:
        visitor.sign_in(person)
        assert visitor.fill(visitor.get(page), page, minutes="45").status_code == 303
    text = ruled.told(WEAKER, number)
    assert "after 45 minutes; before, after 30 minutes" in text
    assert f"By: {person.email}" in text
    assert "second factor" not in text


def test_what_stays_as_it_was_is_not_told(ruled: Ruled) -> None:
    settings = {"mfaRequirement": "EVERYBODY", "mfaRequiredFrom": SOON, "stepUpMinutes": 30, "clientLifetimeDays": 30}
    ruled.set(**settings)
    before = {one: ruled.count(one) for one in (WEAKER, RULES, SECRETS)}
    ruled.set(**settings, name="Acme SE")
    assert {one: ruled.count(one) for one in before} == before
