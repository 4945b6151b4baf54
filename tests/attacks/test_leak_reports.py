"""Credentials that a secret scanner found in public are revoked before its report is answered.

Security rules 257 to 261.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.page import DOCS, fences
from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor
from harness.client import INVITATION, PASSWORD_LINK
from harness.clients import OAuthClient, get_token, request_token, rotate, with_secret
from harness.concurrency import concurrently, open_clients
from harness.email_changes import Mailing
from harness.factors import add_totp, first_step, second_step
from harness.people import Person, new_email, refresh, sign_in
from harness.raw_http import request_bytes, send_raw
from harness.rows import rows
from harness.secret_scanner import KEY_ID, PATH, SIGNATURE, URL, SecretScanner, body_of, token_hash
from harness.smtp_sink import SmtpSink
from harness.vault import with_a_typo
from harness.world import World, build_world
from linkxg.crypto.secrets import CLIENT_SECRET, new_secret
from linkxg.secret_scanning.model import LeakReport
from linkxg.secret_scanning.take_report import take_report
from passports.granting import granted, opened, path_of
from passports.reading import issued
from scim.provider import end_tokens, new_provider

SUBJECT = "Credential found in public and revoked"
LEAKED = "credential.leaked"


class Scanned(NamedTuple):
    """A server that trusts two secret scanners and mails; only reports are sent from the proxy."""

    world: World
    scanner: SecretScanner
    other: SecretScanner
    sink: SmtpSink

    def report(self, *tokens: str, **place: str) -> list[str]:
        return self.scanner.report(self.world.api, *tokens, **place)

    def events(self, target: str) -> list[dict[str, Any]]:
        """The events of this target about credentials found in public."""
        sql = (
            "select actor_kind, actor_id, details from audit_events where action = '{}' and target = '{}' order by seq"
        )
        found = rows(self.world.server.database, sql.format(LEAKED, target))
        return [{"kind": kind, "by": by, **json.loads(details)} for kind, by, details in found]


@pytest.fixture(scope="module")
def scanned(engine: str, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    directory = tmp_path_factory.mktemp("scanners")
    scanner, other = SecretScanner("code-host"), SecretScanner("registry")
    places = ",".join(f"{one.name}={one.write_keys(directory)}" for one in (scanner, other))
    sink = SmtpSink().start()
    try:
        server = new_server(engine, LINKXG_SECRET_SCANNERS=places, LINKXG_SMTP_URL=sink.url, LINKXG_SIGN_UP="open")
        for world in checked_for_leaks(build_world(server)):
            yield Scanned(world, scanner, other, sink)
    finally:
        sink.stop()


def works(world: World, bearer: str) -> bool:
    status = world.api.get("/products", bearer=bearer).status
    assert status in (200, 401)
    return status == 200


def test_rule_258_a_leaked_secret_and_its_tokens_end_before_the_answer(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    token = get_token(world.api, oauth)
    assert works(world, token)
    assert scanned.report(oauth.client_secret) == ["true"]
    assert not works(world, token)
    request_token(world.api, oauth).expect(401, "invalid_client")
    fresh = with_secret(oauth, rotate(world.api, oauth, world.owner.access).expect(200))
    assert works(world, get_token(world.api, fresh))


def test_rule_258_of_two_secrets_only_the_leaked_one_ends(scanned: Scanned) -> None:
    world = scanned.world
    old = world.new_client()
    new = with_secret(old, rotate(world.api, old, world.owner.access, grace_period_seconds=3600).expect(200))
    tokens = [get_token(world.api, old), get_token(world.api, new)]
    assert scanned.report(old.client_secret) == ["true"]
    request_token(world.api, old).expect(401, "invalid_client")
    # Tokens are revoked by client.
    assert [works(world, one) for one in tokens] == [False, False]
    assert works(world, get_token(world.api, new))


def test_rule_258_the_newest_of_two_secrets_ends_alone(scanned: Scanned) -> None:
    world = scanned.world
    old = world.new_client()
    new = with_secret(old, rotate(world.api, old, world.owner.access, grace_period_seconds=3600).expect(200))
    assert scanned.report(new.client_secret) == ["true"]
    request_token(world.api, new).expect(401, "invalid_client")
    assert works(world, get_token(world.api, old))


def test_rule_258_tokens_of_a_secret_that_was_just_replaced_end(scanned: Scanned) -> None:
    """A rotation leaves live tokens alone unless it is told otherwise."""
    world = scanned.world
    old = world.new_client()
    token = get_token(world.api, old)
    new = with_secret(old, rotate(world.api, old, world.owner.access).expect(200))
    assert works(world, token)
    assert scanned.report(old.client_secret) == ["true"]
    assert not works(world, token)
    assert works(world, get_token(world.api, new))
    assert len(scanned.events(old.client_id)) == 1


def test_rule_258_a_refresh_token_of_any_generation_ends_its_session(scanned: Scanned) -> None:
    world = scanned.world
    first = sign_in(world.api, member(scanned))
    other = sign_in(world.api, first.person)
    data = refresh(world.api, first.refresh).expect(200).data()
    assert scanned.report(first.refresh) == ["true"]
    world.api.get("/auth/me", bearer=data["accessToken"]).expect(401, "invalid_token")
    refresh(world.api, data["refreshToken"]).expect(401, "invalid_token")
    world.api.get("/auth/me", bearer=other.access).expect(200)
    (event,) = scanned.events(first.person.user_id)
    assert event["session_id"] == first.session_id
    assert event["kind"] == "refresh token"


def member(scanned: Scanned) -> Person:
    """A person of the first account, whose invitation was mailed."""
    return Mailing(scanned.world, scanned.sink).session().person


def test_rule_258_a_scim_token_ends(scanned: Scanned) -> None:
    provider = new_provider(scanned.world)
    provider.get("/Users").expect(200)
    assert scanned.report(provider.token) == ["true"]
    provider.get("/Users").expect(401, "scim")
    assert scanned.report(provider.token) == ["true"]
    assert len(scanned.events(provider.token_id)) == 1
    end_tokens(scanned.world)


def test_rule_258_a_passport_link_ends(scanned: Scanned) -> None:
    world = scanned.world
    _, passport_id = issued(world)
    grant = granted(world, passport_id)
    path = path_of(world, grant)
    opened(world, path).expect(200)
    assert scanned.report(path.rpartition("/")[2]) == ["true"]
    opened(world, path).expect(404, "not_found")
    assert len(scanned.events(grant["id"])) == 1


def test_rule_258_links_in_mails_end(scanned: Scanned) -> None:
    world, mailing = scanned.world, Mailing(scanned.world, scanned.sink)
    address, partner, session = new_email("invited"), new_email("partner"), mailing.session()
    body = {"email": address, "role": "MEMBER"}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(201)
    invitation = INVITATION.search(scanned.sink.wait_for(address).text())
    body = {"relationship": "SUPPLIER", "inviteeEmail": partner}
    world.api.post("/connections", bearer=world.owner.access, json=body).expect(201)
    connection = INVITATION.search(scanned.sink.wait_for(partner).text())
    world.api.post("/auth/password-reset", json={"email": session.person.email})
    subject = "Choose a new LinkXG password"
    reset = PASSWORD_LINK.search(scanned.sink.wait_for(session.person.email, subject=subject).text())
    assert invitation
    assert connection
    assert reset
    tokens = [world.vault.remember("link", found[1]) for found in (invitation, connection, reset)]
    _, old, new = mailing.tokens(session)
    assert scanned.report(*tokens, old, new) == ["true"] * 5
    password = world.vault.password()
    world.api.post(f"/invitations/{tokens[0]}/accept", json={"password": password}).expect(404, "not_found")
    joining = {"accountName": "Nobody Ltd", "password": password}
    world.api.post(f"/connection-invitations/{tokens[1]}/accept", json=joining).expect(404, "not_found")
    world.api.post("/auth/password-reset/complete", json={"token": tokens[2], "newPassword": password}).expect(
        404, "not_found"
    )
    for token in (old, new):
        mailing.answer(token).expect(404, "not_found")
    assert scanned.report(*tokens, old, new) == ["true"] * 5


def test_rule_258_a_token_of_a_second_step_ends(scanned: Scanned) -> None:
    world = scanned.world
    session = sign_in(world.api, member(scanned))
    app = add_totp(world.api, session)
    token = first_step(world.api, session.person)
    assert scanned.report(token) == ["true"]
    second_step(world.api, token, app.codes[0], "recovery_code").expect(401, "invalid_token")
    assert [one["kind"] for one in scanned.events(session.person.user_id)] == ["second-step token"]


def test_rule_258_a_sign_up_link_ends(scanned: Scanned) -> None:
    world, address = scanned.world, new_email("founder")
    world.api.post("/accounts/sign-up", json={"email": address}).expect(200)
    found = re.search(r"(lxgsup_[0-9A-Za-z]{49})", scanned.sink.wait_for(address).text())
    assert found
    token = world.vault.remember("link of a sign-up", found[1])
    assert scanned.report(token) == ["true"]
    completion = {"token": token, "accountName": "Nobody Ltd", "password": world.vault.password()}
    world.api.post("/accounts/sign-up/complete", json=completion).expect(404, "not_found")
    assert scanned.report(token) == ["true"]


def test_rule_258_every_worker_refuses_at_once(fresh_world: Callable[..., World], tmp_path: Path) -> None:
    scanner = SecretScanner("code-host")
    keys = f"code-host={scanner.write_keys(tmp_path)}"
    world = fresh_world("sqlite", workers=2, LINKXG_SECRET_SCANNERS=keys)
    for _ in range(5):
        oauth = world.new_client()
        token = get_token(world.api, oauth)
        clients = open_clients(world.server, 6)
        assert scanner.report(world.api, oauth.client_secret) == ["true"]
        for client in clients:
            client.get("/products", bearer=token).expect(401, "invalid_token")
            request_token(client, oauth).expect(401, "invalid_client")
            client.close()


def test_rule_257_only_a_signature_over_these_bytes_counts(scanned: Scanned) -> None:
    world, scanner = scanned.world, scanned.scanner
    oauth = world.new_client()
    body = body_of(oauth.client_secret)
    attempts = [
        scanner.send(world.api, body, signed=body + b" "),
        scanner.send(world.api, body.replace(b"[", b"[ "), signed=body),
        scanner.send(world.api, body, {KEY_ID: ""}),
        scanner.send(world.api, body, {SIGNATURE: ""}),
        # The key of one scanner, the signature of another.
        scanner.send(world.api, body, {KEY_ID: scanned.other.key_id}),
        scanner.send(world.api, body, {SIGNATURE: scanned.other.sign(body)}),
        scanner.send(world.api, body, {KEY_ID: "0" * 64}),
        SecretScanner("nobody").send(world.api, body),
        *(
            scanner.send(world.api, body, {SIGNATURE: text})
            for text in ("AAAA", "!", "MAYCAQACAQA=", "MAYCAQECAQE=", "A" * 201, scanner.sign(body) + "=")
        ),
    ]
    for answer in attempts:
        answer.expect(403, "invalid_signature")
    assert works(world, get_token(world.api, oauth))
    # Before the body is looked at.
    scanner.send(world.api, b"no json", signed=b"").expect(403, "invalid_signature")
    scanner.send(world.api, b"no json").expect(400, "invalid_request")


def test_rule_257_each_scanner_reports_by_its_own_name(scanned: Scanned) -> None:
    oauth = scanned.world.new_client()
    assert scanned.other.report(scanned.world.api, oauth.client_secret) == ["true"]
    assert [one["by"] for one in scanned.events(oauth.client_id)] == ["registry"]


def test_rule_257_without_a_scanner_there_is_no_such_resource(world: World) -> None:
    SecretScanner("nobody").send(world.api, body_of("a")).expect(404, "not_found")


def test_rule_259_what_is_not_ours_is_a_false_positive(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    typo = with_a_typo(oauth.client_secret)
    stranger = new_secret(CLIENT_SECRET)
    tokens = [
        typo,
        stranger,
        oauth.client_id,
        "",
        "ghp_" + "a" * 36,
        "lxgref_" + "0" * 104,
        "\u00e9" * 50,
        world.token(),
    ]
    assert scanned.report(*tokens) == ["false"] * len(tokens)
    assert works(world, get_token(world.api, oauth))


def test_rule_259_a_report_is_bounded(scanned: Scanned) -> None:
    world, scanner = scanned.world, scanned.scanner
    oauth = world.new_client()
    strangers = [new_secret(CLIENT_SECRET) for _ in range(999)]
    assert scanned.report(*strangers, oauth.client_secret) == ["false"] * 999 + ["true"]
    scanner.send(world.api, body_of(*["a"] * 1_001)).expect(400, "invalid_request")
    scanner.send(world.api, b" " * (1024 * 1024 + 1)).expect(413, "payload_too_large")
    for body in (b"{}", b"[1]", b'[{"token": 1}]', b'[{"url": "a"}]', b"[" * 50_000, b'[{"token":"\xff"}]'):
        scanner.send(world.api, body).expect(400, "invalid_request")
    assert scanner.send(world.api, b"[]").expect(200).json() == []
    extra = b'[{"token":"a","type":null,"url":null,"found_at":{"line":1}}]'
    assert scanner.send(world.api, extra).expect(200).json()[0]["token_type"] == ""


def test_rule_260_a_repeated_report_changes_nothing(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    assert scanned.report(*[oauth.client_secret] * 3) == ["true"] * 3
    fresh = with_secret(oauth, rotate(world.api, oauth, world.owner.access).expect(200))
    token = get_token(world.api, fresh)
    for url in (URL, "https://elsewhere.example.test/"):
        assert scanned.report(oauth.client_secret, url=url) == ["true"]
    assert works(world, token)
    (event,) = scanned.events(oauth.client_id)
    assert event["url"] == URL


def test_rule_260_of_reports_at_the_same_time_one_revokes(scanned: Scanned) -> None:
    world = scanned.world
    oauth, session = world.new_client(), sign_in(world.api, member(scanned))
    tokens = (oauth.client_secret, session.refresh)
    answers = concurrently([lambda: scanned.report(*tokens)] * 6)
    assert answers == [["true", "true"]] * 6
    assert len(scanned.events(oauth.client_id)) == len(scanned.events(session.person.user_id)) == 1


def test_rule_260_a_report_during_rotations_ends_the_reported_secret_alone(scanned: Scanned) -> None:
    world = scanned.world
    for _ in range(5):
        oauth = world.new_client()
        token = get_token(world.api, oauth)
        owner = world.owner.access

        def report(oauth: OAuthClient = oauth) -> Any:
            return scanned.report(oauth.client_secret)

        def replace(oauth: OAuthClient = oauth, owner: str = owner) -> Any:
            return rotate(world.api, oauth, owner, grace_period_seconds=3600).expect(200)

        labels, rotated = concurrently([report, replace])
        assert labels == ["true"]
        request_token(world.api, oauth).expect(401, "invalid_client")
        assert not works(world, token)
        assert works(world, get_token(world.api, with_secret(oauth, rotated)))


def test_a_secret_that_was_revoked_before_is_a_true_positive_and_no_news(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    rotate(world.api, oauth, world.owner.access, revoke_tokens=True).expect(200)
    # Until its last token has expired, nobody knows whether one is left.
    assert scanned.report(oauth.client_secret) == ["true"]
    world.api.delete(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(204)
    assert scanned.report(oauth.client_secret) == ["false"]


def test_rule_261_the_owners_learn_it_and_the_trail_names_scanner_and_place(scanned: Scanned) -> None:
    world = scanned.world
    contact = new_email("security")
    world.api.patch("/account", bearer=world.owner.access, json={"securityContact": contact}).expect(200)
    oauth = world.new_client()
    before = len([one for one in scanned.sink.mails if one.is_to(contact, SUBJECT)])
    scanned.report(oauth.client_secret)
    mail = scanned.sink.wait_for(contact, subject=SUBJECT, number=before + 1)
    text = mail.text()
    assert oauth.client_id in text
    assert "By: a secret scanner, by a signed report" in text
    assert "by the secret scanner code-host" in text
    assert "code. example. test/acme" in text
    (event,) = scanned.events(oauth.client_id)
    assert event == {"kind": "client secret", "by": "code-host", "url": URL, "source": "commit"} | {
        "secret_id": oauth.secret_id
    }
    world.api.patch("/account", bearer=world.owner.access, json={"securityContact": None}).expect(200)


@pytest.mark.parametrize(
    ("url", "recorded"),
    [
        ("https://user:word@code.example.test/a/b?token={token}#{token}", "https://code.example.test/a/b"),
        ("https://code.example.test/{token}/b", "https://code.example.test"),
        ("https://code.example.test/{quoted}/b", "https://code.example.test"),
        ("https://{token}@code.example.test/b", "https://code.example.test/b"),
        ("https://code.example.test/{body}.txt", "https://code.example.test"),
        ("https://code.example.test/{deep}", "https://code.example.test"),
        ("https://{token}.example.test/b", None),
        ("https:///a", None),
        ("{token}", None),
        ("javascript:alert(1)", None),
        ("https://code.example.test/\u0007\u202e\u0000\n<b>", "https://code.example.test/<b>"),
        ("https://code.example.test/" + "a" * 5_000, ("https://code.example.test/" + "a" * 500)[:500]),
    ],
)
def test_rule_261_an_address_is_recorded_without_what_may_be_secret(
    scanned: Scanned, url: str, recorded: str | None
) -> None:
    world = scanned.world
    oauth = world.new_client()
    quoted = "".join(f"%{ord(one):02x}" for one in oauth.client_secret)
    deep = oauth.client_secret.replace("_", "%" + "25" * 6 + "5F")
    given = url.format(token=oauth.client_secret, quoted=quote(quoted), body=oauth.client_secret[12:30], deep=deep)
    assert scanned.report(oauth.client_secret, url=given, source=f"commit {oauth.client_secret}") == ["true"]
    (event,) = scanned.events(oauth.client_id)
    assert event.get("url") == recorded
    assert "source" not in event


def test_a_report_without_a_place_revokes_too(scanned: Scanned) -> None:
    oauth = scanned.world.new_client()
    body = json.dumps([{"token": oauth.client_secret}]).encode()
    assert scanned.scanner.send(scanned.world.api, body).expect(200).json()[0]["label"] == "true_positive"
    (event,) = scanned.events(oauth.client_id)
    assert "url" not in event


def test_the_documented_command_makes_a_report(fresh_world: Callable[..., World], tmp_path: Path) -> None:
    page = DOCS / "secret-scanning.md"
    (command,) = [text for _, language, text in fences(page) if language == "bash"]
    scanner = SecretScanner("code-host")
    (tmp_path / "key.pem").write_bytes(
        scanner.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    named = "openssl pkey -pubin -in key.pem -outform DER | sha256sum"
    assert f"`{named}`" in page.read_text()
    of_private = f"openssl pkey -in key.pem -pubout > public.pem; {named.replace('key.pem', 'public.pem')}"
    key_id = run(of_private, tmp_path).split()[0]
    world = fresh_world("sqlite", LINKXG_SECRET_SCANNERS=f"code-host={tmp_path / 'public.pem'}")
    oauth = world.new_client()
    made = command.replace("https://api.linkxg.com", world.server.url).replace("lxgsec_...", oauth.client_secret)
    (verdict,) = json.loads(run(f"KEY_ID={key_id}\n{made.replace('curl ', 'curl -s ')}", tmp_path))
    assert verdict == {
        "token_hash": token_hash(oauth.client_secret), "token_type": "linkxg_client_secret", "label": "true_positive",
    }  # fmt: skip
    request_token(world.api, oauth).expect(401, "invalid_client")


def run(script: str, directory: Path) -> str:
    done = subprocess.run(["bash", "-euc", script], cwd=directory, capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


def test_the_page_of_the_client_and_the_audit_log_say_what_happened(scanned: Scanned) -> None:
    world = scanned.world
    oauth = world.new_client()
    scanned.report(oauth.client_secret)
    visitor = Visitor(world.server.url, world.vault)
    visitor.sign_in(world.account.owner)
    page = visitor.get(f"/account/api-access/{oauth.client_id}").text
    assert f"was found in public at <bdi><code>{URL}</code></bdi>" in page
    assert "secret found in public" in page
    log = visitor.get(f"/account/audit?action={LEAKED}").text
    assert URL in log
    assert "code-host" in log
    visitor.close()


def test_rule_259_a_wrong_checksum_costs_no_query(scanned: Scanned) -> None:
    oauth = scanned.world.new_client()
    reports = [LeakReport(with_a_typo(oauth.client_secret)), LeakReport("lxgref_" + "0" * 104), LeakReport("lxgxyz_a")]
    nobody: Any = None
    report = asyncio.run(take_report(nobody, b"k" * 32, nobody, nobody, reports))
    assert [one.label for one in report.verdicts] == ["false_positive"] * 3


def test_rule_259_without_a_known_key_no_body_is_read(scanned: Scanned) -> None:
    world = scanned.world
    for key_id in (None, "0" * 64):
        headers = [("Content-Type", "application/json"), ("Content-Length", "1000"), (SIGNATURE, "AAAA")]
        headers += [(KEY_ID, key_id)] if key_id else []
        with world.server.client() as client:
            request = request_bytes(client, "POST", f"/api/v1{PATH}", headers, b"", content_length=False)
            answer = send_raw(client, request)
        assert answer is not None
        assert answer.status == 403
