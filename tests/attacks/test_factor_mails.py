"""People are told by mail what was done to their factors. Security rule 135."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.factors import add_totp, begin_totp
from harness.people import refresh, sign_in
from harness.smtp_sink import SmtpSink
from harness.world import World


def test_rule_135_every_change_of_factors_is_mailed(
    engine: str, fresh_world: Callable[..., World], smtp_sink: SmtpSink
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    api, owner = world.api, world.account.owner
    session = sign_in(api, owner)
    app = add_totp(api, session)
    tokens = refresh(api, session.refresh).expect(200).data()
    renewed = begin_totp(api, tokens["accessToken"])
    api.post("/auth/factors/totp/confirm", bearer=tokens["accessToken"], json={"code": renewed.code()}).expect(200)
    access = refresh(api, tokens["refreshToken"]).expect(200).data()["accessToken"]
    codes = api.post("/auth/factors/recovery-codes", bearer=access).expect(200).data()["recoveryCodes"]
    new = [api.vault.remember("recovery code", code) for code in codes]
    factor = api.get("/auth/factors", bearer=access).expect(200).data()["factors"][0]["id"]
    api.delete(f"/auth/factors/{factor}", bearer=access).expect(204)
    deadline = time.monotonic() + 15
    while len(smtp_sink.mails) < 4:
        assert time.monotonic() < deadline, [mail.parsed()["subject"] for mail in smtp_sink.mails]
        smtp_sink.wait_for(owner.email)
        time.sleep(0.05)
    assert [str(mail.parsed()["subject"]).split(" – ")[0] for mail in smtp_sink.mails] == [
        "Authenticator app added", "Authenticator app added", "Recovery codes replaced", "Second factor removed"
    ]  # fmt: skip
    texts = [" ".join(mail.text().split()) for mail in smtp_sink.mails]
    assert ["replaces the earlier one" in text for text in texts] == [False, True, False, False]
    for mail in smtp_sink.mails:
        assert mail.recipients == (owner.email,)
        assert not any(secret in mail.text() for secret in (app.secret, renewed.secret, *app.codes, *new))
