"""The page of single sign-on, and the mails about its changes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from conftest import ServerFactory
from console.browser import text_of
from harness.client import INVITATION
from harness.dns_server import DnsServer
from harness.openid_provider import CLIENT_ID, SignedInPerson
from harness.single_sign_on import (
    SsoVisitor,
    address_of,
    connect,
    connection,
    running_provider,
    trusting,
    verify_domain,
)
from harness.smtp_sink import SmtpSink
from harness.world import build_world

DOMAIN = "page.test"
HERE = "/account/single-sign-on"


def test_an_owner_connects_tests_verifies_and_disconnects(
    fresh_server: ServerFactory, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    dns = DnsServer().start()
    with ExitStack() as stack:
        stack.callback(dns.stop)
        provider, certificate = stack.enter_context(running_provider(tmp_path))
        settings = trusting(certificate) | {
            "LINKXG_SMTP_URL": smtp_sink.url, "LINKXG_DNS_SERVER": dns.address,
        }  # fmt: skip
        world = build_world(fresh_server("sqlite", **settings))
        stack.callback(world.close)
        owner = SsoVisitor(world.server.url, world.vault, certificate)
        stack.callback(owner.close)
        assert owner.sign_in(world.account.owner).status_code == 303
        page = owner.get(HERE)
        assert "Identity provider not connected" in text_of(page)
        assert f"{world.server.url}/sign-in/sso/{world.account.account_id}/callback" in page.text
        # What is wrong is said at its field, and what was typed stays.
        answer = owner.fill(page, HERE, issuer=f"{provider.issuer}/", client_id=CLIENT_ID, client_secret="wrong")
        assert answer.status_code == 422
        assert "answered 404" in text_of(answer) or "another issuer" in text_of(answer)
        assert dict(owner.fields(answer, HERE))["issuer"] == f"{provider.issuer}/"
        assert "wrong" not in dict(owner.fields(answer, HERE)).values()
        answer = owner.fill(page, HERE, issuer=provider.issuer, client_id=CLIENT_ID, client_secret="wrong")
        assert "does not accept the client id and the client secret" in text_of(answer)
        mapping = "linkxg-admins = ADMIN\nstaff = MEMBER"
        answer = owner.fill(page, HERE, issuer=provider.issuer, client_id=CLIENT_ID, mapping=mapping,
                            client_secret=provider.client_secret, role_claim="groups")  # fmt: skip
        assert answer.status_code == 303, text_of(answer)
        assert "was connected to your account" in smtp_sink.wait_for(world.account.owner.email).text()
        page = owner.get(HERE)
        assert f"connected to {provider.issuer} since" in text_of(page)
        assert ">Connect<" not in page.text
        assert ">Save changes<" in page.text
        assert provider.client_secret not in page.text
        kept = dict(owner.fields(page, HERE))
        assert (kept["issuer"], kept["mapping"]) == (provider.issuer, mapping)
        # A colleague's change of another field survives, and one of the same field is asked about.
        body = connection(provider, defaultRole="VIEWER", roleClaim="groups", roleMapping={"staff": "MEMBER"})
        world.api.request("PUT", "/account/identity-provider", bearer=world.owner.access, json=body).expect(200)
        assert owner.fill(page, HERE, role_claim="roles").status_code == 303
        stored = world.api.get("/account/identity-provider", bearer=world.owner.access).expect(200).data()
        assert (stored["defaultRole"], stored["roleClaim"]) == ("VIEWER", "roles")
        asked = owner.fill(page, HERE, default_role="ADMIN")
        assert asked.status_code == 409
        assert "was changed by somebody else" in text_of(asked)
        # The secret is not typed again for a change of another field; another client needs its own.
        page = owner.get(HERE)
        assert "Leave it empty to keep the stored one; another issuer or client id needs its own." in text_of(page)
        answer = owner.fill(page, HERE, client_id="another")
        assert answer.status_code == 422
        assert "the stored one is that of another issuer or client id" in text_of(answer)
        assert owner.fill(page, HERE, default_role="MEMBER", client_secret="").status_code == 303
        answer = owner.post(f"{HERE}/actions", [("csrf", owner.csrf()), ("act", "test")])
        assert "answers+as+it+should" in answer.headers["Location"], "with the secret of before"
        page = owner.get(HERE)
        answer = owner.fill(page, HERE, sso_only="yes")
        assert answer.status_code == 422
        assert "Choose an Owner who keeps their password" in text_of(answer)
        answer = owner.fill(page, f"{HERE}/actions", act="test")
        assert "answers+as+it+should" in answer.headers["Location"]
        # A domain, with its record.
        owner.fill(owner.get(HERE), f"{HERE}/domains", domain="page.test")
        shown = world.api.get("/account/domains", bearer=world.owner.access).expect(200).data()[0]
        page = owner.get(HERE)
        assert shown["recordValue"] in page.text
        verify = [("csrf", owner.csrf()), ("verify", "page.test")]
        assert "no TXT record is there" in text_of(owner.post(f"{HERE}/domains", verify))
        dns.set(shown["recordName"], "TXT", [f'"{shown["recordValue"]}"'])
        assert owner.post(f"{HERE}/domains", verify).status_code == 303
        assert world.api.get("/account/domains", bearer=world.owner.access).expect(200).data()[0]["verified"] is True
        # It asks before it disconnects.
        disconnect = [("csrf", owner.csrf()), ("act", "disconnect")]
        asked = owner.post(f"{HERE}/actions", disconnect)
        assert "Disconnect the identity provider?" in text_of(asked)
        assert owner.post(f"{HERE}/actions", [*disconnect, ("sure", "yes")]).status_code == 303
        world.api.get("/account/identity-provider", bearer=world.owner.access).expect(404, "not_found")


def test_a_person_who_is_linked_by_their_address_and_the_owners_are_mailed(
    fresh_server: ServerFactory, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        provider, certificate = stack.enter_context(running_provider(tmp_path))
        settings = trusting(certificate) | {"LINKXG_SMTP_URL": smtp_sink.url}
        world = build_world(fresh_server("sqlite", **settings))
        stack.callback(world.close)
        connect(world, provider).expect(200)
        verify_domain(world.server, world.account.account_id, DOMAIN)
        email, owner = address_of(DOMAIN), world.account.owner.email
        world.api.post("/account/users", bearer=world.owner.access, json={"email": email, "role": "ADMIN"}).expect(201)
        invitation = INVITATION.search(smtp_sink.wait_for(email).text())
        assert invitation is not None
        token = world.vault.remember("invitation token", invitation[1])
        password = world.vault.password()
        world.api.post(f"/invitations/{token}/accept", json={"password": password}).expect(201)
        provider.person = SignedInPerson("linked", email)
        browser = SsoVisitor(world.server.url, world.vault, certificate)
        stack.callback(browser.close)
        assert browser.sign_on(email).status_code == 303
        to_person, to_owner = (
            smtp_sink.wait_for(address, subject="Company sign-in connected").text() for address in (email, owner)
        )
        assert f"{provider.issuer} can sign you in" in to_person
        assert f"{provider.issuer} can sign in {email}" in to_owner
