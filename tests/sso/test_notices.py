"""The Owners learn by mail of Admins whom single sign-on brings, and of verified and removed domains."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from conftest import ServerFactory
from harness.dns_server import DnsServer
from harness.email_changes import Mailing
from harness.openid_provider import SignedInPerson
from harness.single_sign_on import SsoVisitor, connect, running_provider, trusting, verify_domain
from harness.smtp_sink import SmtpSink
from harness.world import build_world

NEW_ADMIN, CHANGED = "New Admin on LinkXG", "Single sign-on changed"


def test_the_owners_learn_of_admins_by_single_sign_on_and_of_domains(
    engine: str, fresh_server: ServerFactory, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    dns = DnsServer().start()
    with ExitStack() as stack:
        stack.callback(dns.stop)
        provider, certificate = stack.enter_context(running_provider(tmp_path))
        settings = trusting(certificate) | {
            "LINKXG_SMTP_URL": smtp_sink.url, "LINKXG_DNS_SERVER": dns.address,
        }  # fmt: skip
        world = build_world(fresh_server(engine, **settings))
        stack.callback(world.close)
        owner = world.account.owner.email
        connect(world, provider, defaultRole="ADMIN").expect(200)
        smtp_sink.wait_for(owner, subject=CHANGED)
        for _ in range(2):
            verify_domain(world.server, world.account.account_id, "acme.test")
        text = smtp_sink.wait_for(owner, subject=CHANGED, number=2).text()
        assert "The e-mail domain acme.test was verified" in text
        assert "By: the operator of this service, on the command line" in text
        assert "Request" not in text
        assert "(request -)" not in text
        # Somebody whom the sign-in adds.
        provider.person = SignedInPerson("first", "first@acme.test")
        browser = SsoVisitor(world.server.url, world.vault, certificate)
        stack.callback(browser.close)
        assert browser.sign_on("first@acme.test").status_code == 303
        text = smtp_sink.wait_for(owner, subject=NEW_ADMIN).text()
        assert "first@acme.test joined by single sign-on" in text
        # Somebody whose role the claims raise.
        connect(world, provider, roleClaim="groups", roleMapping={"admins": "ADMIN"}).expect(200)
        smtp_sink.wait_for(owner, subject=CHANGED, number=3)
        for groups in ([], ["admins"]):
            provider.person = SignedInPerson("second", "second@acme.test", claims={"groups": groups})
            assert browser.sign_on("second@acme.test").status_code == 303
        text = smtp_sink.wait_for(owner, subject=NEW_ADMIN, number=2).text()
        assert "second@acme.test is now Admin" in text
        assert "By: your identity provider, at the person's sign-in" in text
        # A domain is told once, as it is stored.
        access = world.owner.access
        record = world.api.request("PUT", "/account/domains/MÜLLER.test", bearer=access).expect(200).data()
        dns.set(record["recordName"], "TXT", [f'"{record["recordValue"]}"'])
        for _ in range(2):
            world.api.post("/account/domains/Müller.test/verify", bearer=access).expect(200)
        assert "xn--mller-kva.test was verified" in smtp_sink.wait_for(owner, subject=CHANGED, number=4).text()
        world.api.delete("/account/domains/MÜLLER.test", bearer=access).expect(204)
        assert "xn--mller-kva.test was removed" in smtp_sink.wait_for(owner, subject=CHANGED, number=5).text()


def test_the_owners_learn_who_signs_in_with_a_password(
    engine: str, fresh_server: ServerFactory, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    """Security rule 193: every setting of the connection is mailed, the Owners who keep a password by name."""
    with ExitStack() as stack:
        provider, certificate = stack.enter_context(running_provider(tmp_path))
        settings = trusting(certificate) | {"LINKXG_SMTP_URL": smtp_sink.url}
        world = build_world(fresh_server(engine, **settings))
        stack.callback(world.close)
        owner, first = world.account.owner, world.account.owner.user_id
        number = 0

        def change(**changed: Any) -> str:
            nonlocal number
            number += 1
            connect(world, provider, **changed).expect(200)
            return smtp_sink.wait_for(owner.email, subject=CHANGED, number=number).text()

        assert "was connected to your account" in change()
        assert "Changed: client secret." in change()
        second = Mailing(world, smtp_sink).session("OWNER").person
        only = {"ssoOnly": True, "breakGlassOwnerIds": [first]}
        text = change(**only)
        assert "People sign in by it only" in text
        assert f"keep their password: {owner.email}." in text
        both = {"ssoOnly": True, "breakGlassOwnerIds": [first, second.user_id]}
        text = change(**both)
        assert second.email in text.partition("Before,")[0]
        assert f"Before, these kept it: {owner.email}." in text
        assert second.email in smtp_sink.wait_for(second.email, subject=CHANGED, number=2).text()
        # Every setting that there is; a new one needs its word in the notice.
        settings_of = {
            "clientId": ("other", "client id"),
            "defaultRole": ("VIEWER", "role of new people"),
            "roleClaim": ("groups", "claim with the roles"),
            "roleMapping": ({"admins": "ADMIN"}, "roles by value of the claim"),
            "ownersByClaim": (True, "Owners by claim"),
            "breakGlassOwnerIds": ([first], "Owners who keep their password"),
            "ssoOnly": (False, "single sign-on only"),
        }
        schemas = world.api.get("/openapi.json").json()["components"]["schemas"]
        assert set(settings_of) | {"issuer", "clientSecret"} == set(schemas["ConnectProvider"]["properties"])
        wanted: dict[str, Any] = dict(both)
        for name, (value, word) in settings_of.items():
            if name == "clientId":
                # The provider of these tests knows one client only.
                continue
            wanted[name] = value
            text = change(**wanted)
            assert word in text.partition("Changed: ")[2].partition(".")[0]
        assert "People may sign in with a password again." in text
        assert "People sign in by it only" not in text
