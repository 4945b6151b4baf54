"""The guide's commands work as typed from the page, and answer what the page shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.curl import run
from api.page import DOCS, fences, steps, tables
from api.shapes import differences, lacks
from harness.clients import SCOPES
from harness.people import add_person, sign_in
from harness.world import World

PAGE = DOCS / "guide.md"
ADDRESS = "https://api.linkxg.com"
STATUS = {"Create a client": 201, "When it fails": 401}

# The product's published guide: what its readers type and get.
COMMANDS = [
    r"""curl -X POST https://api.linkxg.com/api/v1/oauth/token \
  -H "Content-Type: application/x-www-form-urlencoded" \
  -d "grant_type=client_credentials" \
  -d "client_id=YOUR_CLIENT_ID" \
  -d "client_secret=YOUR_CLIENT_SECRET" \
  -d "scope=products:read connections:read" """,
    r"""curl https://api.linkxg.com/api/v1/products \
  -H "Authorization: Bearer YOUR_ACCESS_TOKEN" """,
    r"""curl -X POST https://api.linkxg.com/api/v1/oauth/clients/YOUR_CLIENT_ID/rotate \
  -H "Authorization: Bearer YOUR_ACCESS_TOKEN" """,
    r"""curl -X POST https://api.linkxg.com/api/v1/auth/login \
  -H "Content-Type: application/json" \
  -d '{
    "email": "anna@example.com",
    "password": "your_password"
  }'""",
    r"""curl https://api.linkxg.com/api/v1/products \
  -H "Authorization: Bearer YOUR_ACCESS_TOKEN" """,
    r"""curl -X POST https://api.linkxg.com/api/v1/auth/refresh \
  -H "Content-Type: application/json" \
  -d '{
    "refreshToken": "YOUR_REFRESH_TOKEN"
  }'""",
    r"""curl -X POST https://api.linkxg.com/api/v1/auth/logout \
  -H "Authorization: Bearer YOUR_ACCESS_TOKEN" """,
]
ANSWERS: list[dict[str, Any]] = [
    {
        "access_token": "eyJhbGciOiJIUzI1NiIs...",
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "products:read connections:read",
    },
    {
        "success": True,
        "data": {
            "accessToken": "eyJhbGciOiJIUzI1NiIs...",
            "refreshToken": "dGhpcyBpcyBhIHJlZnJl...",
            "user": {"id": "uuid", "email": "anna@example.com", "role": "ADMIN"},
        },
    },
    {"error": "invalid_client", "error_description": "Client authentication failed"},
]
ERRORS = {
    ("400", "invalid_request"),
    ("401", "invalid_client"),
    ("401", "invalid_token"),
    ("403", "insufficient_scope"),
    ("429", "rate_limit_exceeded"),
}


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_every_command_of_the_guide_is_on_the_page(number: int) -> None:
    wanted = COMMANDS[number].strip()
    typed = [step.command for step in steps(PAGE)]
    assert typed.count(wanted) >= COMMANDS.count(COMMANDS[number]), f"docs/guide.md lacks the command\n{wanted}"


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_every_answer_of_the_guide_is_on_the_page(number: int) -> None:
    shown = [json.loads(text) for _, language, text in fences(PAGE) if language == "json"]
    assert any(not lacks(ANSWERS[number], answer) for answer in shown), ANSWERS[number]


def test_the_page_names_every_scope_and_error_of_the_guide() -> None:
    rows = [row for table in tables(PAGE) for row in table]
    assert [row["Scope"] for row in rows if "Scope" in row] == list(SCOPES)
    assert {(row["Status"], row["error"]) for row in rows if "error" in row} == ERRORS


def test_the_page_can_be_followed_from_top_to_bottom(world: World, tmp_path: Path) -> None:
    """An Admin reads the page and types every command; each new value goes where the page says YOUR_….

    The account is new: the page shows an answer without products.
    """
    account = world.server.bootstrap("Corvus SA", another=True)
    session = sign_in(world.api, add_person(world.api, sign_in(world.api, account.owner), "ADMIN"))
    values = {
        ADDRESS: world.server.url,
        "anna@example.com": session.person.email,
        "your_password": session.person.password,
        "YOUR_ACCESS_TOKEN": session.access,
    }
    for step in steps(PAGE):
        command = step.command
        for written, real in values.items():
            command = command.replace(written, real)
        assert "YOUR_" not in command, f"under «{step.heading}» the reader does not yet have what the page asks for"
        answer = run(command, world.api, tmp_path)
        expected = next((status for name, status in STATUS.items() if name in step.heading), 200)
        assert answer.status == expected, f"under «{step.heading}»: {answer}"
        found = differences(step.promised, answer.object())
        assert not found, f"under «{step.heading}»: {found}"
        values |= _learned(answer.object())


@pytest.mark.any_engine
def test_the_python_of_the_page_can_be_followed_too(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All snippets in their order, as they stand but for the placeholders."""
    account = world.server.bootstrap("Corax SA", another=True)
    admin = add_person(world.api, sign_in(world.api, account.owner), "ADMIN")
    values = {ADDRESS: world.server.url, "anna@example.com": admin.email, "your_password": admin.password}
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    snippets = [(heading, text) for heading, language, text in fences(PAGE) if language == "python"]
    assert len(snippets) == len([step for step in steps(PAGE) if "-u " not in step.command])
    for heading, text in snippets:
        for written, real in values.items():
            text = text.replace(written, real)
        assert "YOUR_" not in text, f"under «{heading}» the reader does not yet have what the page asks for"
        exec(compile(text, f"docs/guide.md, {heading}", "exec"), names)
        values |= {"YOUR_CLIENT_ID": names["made"]["client_id"]}
    printed = capsys.readouterr().out
    assert "ADMIN" in printed
    assert "invalid_client Client authentication failed" in printed


def _learned(body: dict[str, Any]) -> dict[str, str]:
    """What the reader copies out of an answer."""
    data = body.get("data")
    members = body | (data if isinstance(data, dict) else {})
    names = {
        "access_token": "YOUR_ACCESS_TOKEN",
        "accessToken": "YOUR_ACCESS_TOKEN",
        "refreshToken": "YOUR_REFRESH_TOKEN",
        "client_id": "YOUR_CLIENT_ID",
        "client_secret": "YOUR_CLIENT_SECRET",
    }
    return {placeholder: members[name] for name, placeholder in names.items() if name in members}
