"""Who signs in by the company and asks for a new password is mailed where to sign in. Security rule 148."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from conftest import ServerFactory
from harness.client import PASSWORD_LINK
from harness.openid_provider import SignedInPerson
from harness.people import new_email
from harness.rows import rows
from harness.single_sign_on import SsoVisitor, address_of, connect, running_provider, trusting, verify_domain
from harness.smtp_sink import SmtpSink
from harness.world import build_world
from password_reset.links import SUBJECT, ask, mail_person

DOMAIN = "forgotten.test"
HOW = "How you sign in to LinkXG"


def test_the_mail_leads_to_the_sign_in_of_the_company(
    engine: str, fresh_server: ServerFactory, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        provider, certificate = stack.enter_context(running_provider(tmp_path))
        world = build_world(fresh_server(engine, **trusting(certificate) | {"LINKXG_SMTP_URL": smtp_sink.url}))
        stack.callback(world.close)
        with_password, keeper = mail_person(world, smtp_sink), world.account.owner
        connect(world, provider, ssoOnly=True, breakGlassOwnerIds=[keeper.user_id]).expect(200)
        verify_domain(world.server, world.account.account_id, DOMAIN)
        email = address_of(DOMAIN)
        provider.person = SignedInPerson("no password", email)
        browser = SsoVisitor(world.server.url, world.vault, certificate)
        stack.callback(browser.close)
        assert browser.sign_on(email).status_code == 303
        answers = [ask(world.api, one).expect(200) for one in (email, with_password.email, new_email())]
        assert len({str(answer.object()) for answer in answers}) == 1
        for address in (email, with_password.email):
            text = smtp_sink.wait_for(address, subject=HOW).text()
            assert "your company signs you in" in text
            assert f"{world.server.url}/sign-in/sso" in text.splitlines()
            assert PASSWORD_LINK.search(text) is None
        # An Owner who keeps a password gets a link; with the others', the requests are in the audit trail.
        ask(world.api, keeper.email).expect(200)
        link = PASSWORD_LINK.search(smtp_sink.wait_for(keeper.email, subject=SUBJECT).text())
        assert link is not None
        world.vault.remember("password link", link.group(1))
        sql = "SELECT count(*) FROM audit_events WHERE action = 'password.reset_requested' AND details LIKE '%company%'"
        assert rows(world.server.database, sql.replace("details", "CAST(details AS TEXT)")) == [["2"]]
