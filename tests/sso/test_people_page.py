"""An Owner sets up a company by the commands of docs/people.md, from top to bottom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.curl import run
from api.page import DOCS, steps
from api.shapes import differences
from harness.factors import add_totp
from harness.openid_provider import CLIENT_ID, OpenIdProvider
from harness.people import sign_in
from harness.single_sign_on import verify_domain
from harness.world import World

PAGE = DOCS / "people.md"
DOMAIN = "acme.example"
STATUS = {"/api/v1/auth/login": 401, "/api/v1/account/scim-tokens": 201}


def test_a_company_is_set_up_by_the_commands_of_the_page(
    sso_world: World, provider: OpenIdProvider, tmp_path: Path
) -> None:
    account = sso_world.server.bootstrap("Corvus SA", another=True)
    session = sign_in(sso_world.api, account.owner)
    app = add_totp(sso_world.api, session)
    slug = sso_world.api.get("/account", bearer=session.access).expect(200).data()["slug"]
    values = {
        "https://api.linkxg.com": sso_world.server.url,
        "https://login.acme.example": provider.issuer,
        "YOUR_PROVIDER_CLIENT_ID": CLIENT_ID,
        "YOUR_PROVIDER_CLIENT_SECRET": provider.client_secret,
        "anna@example.com": account.owner.email,
        "your_password": account.owner.password,
        "YOUR_CODE": app.code(),
        "/sso/uuid/": f"/sso/{account.account_id}/",
        "Acme GmbH": account.name,
        "acme-gmbh": slug,
    }

    def with_values(text: str) -> str:
        for written, real in values.items():
            text = text.replace(written, real)
        return text

    found = steps(PAGE)
    assert len(found) == 8
    for step in found:
        if "/verify" in step.command:
            verify_domain(sso_world.server, account.account_id, DOMAIN)  # No DNS has the record.
        command = with_values(step.command)
        assert "YOUR_" not in command, command
        answer = run(command, sso_world.api, tmp_path, reveals=True)
        assert answer.status == STATUS.get(urlsplit(answer.path).path, 200), f"{step.command}: {answer}"
        promised = json.loads(with_values(json.dumps(step.promised, ensure_ascii=False)))
        unlike = differences(promised, answer.object())
        assert not unlike, f"{step.command}: {unlike}"
        values |= _learned(answer.object())


def _learned(body: dict[str, Any]) -> dict[str, str]:
    """What the reader copies out of an answer."""
    members = body | body.get("data", {})
    names = {"mfaToken": "YOUR_MFA_TOKEN", "accessToken": "YOUR_ACCESS_TOKEN", "token": "YOUR_SCIM_TOKEN"}
    return {written: members[name] for name, written in names.items() if name in members}
