"""What the demo prints: sign-ins, clients, and curl commands with their credentials."""

from typing import Any

from linkxg.api_docs.routes import PAGE
from linkxg.ops.demo.account import DemoAccount
from linkxg.ops.demo.create_demo import Demo
from linkxg.ops.demo.curl import API, Command, get, request_token, sign_in
from linkxg.ops.demo.event_commands import event_commands
from linkxg.ops.demo.passports import passport_lines
from linkxg.ops.demo.sharing import NEWCOMER
from linkxg.ops.demo.sharing_commands import sharing_commands

END = "Stop the demo with Ctrl-C: everything above is deleted with it."
_SCOPE = "products:read connections:read"


def guide(url: str, demo: Demo) -> str:
    """The text that the demo prints; requests the tokens in it from the running service."""
    token = request_token(url, demo.brand, _SCOPE)
    session = sign_in(url, demo.brand.people[0])
    sharing = [request_token(url, account, account.company.scope) for account in (demo.brand, demo.weaver)]
    mill, weaver, brand = (account.company.name for account in (demo.mill, demo.weaver, demo.brand))
    lines = [
        f"LinkXG demo at {url}",
        "",
        f"Three connected companies: {mill} spins yarn, {weaver} makes fabric of it, {brand} sews garments of it.",
        "",
        *_lines(demo.brand),
        *_lines(demo.weaver),
        *_lines(demo.mill),
        f"{weaver} has invited {NEWCOMER}, who can join here:",
        f"  {demo.network.link}",
        "",
        f"Console: {url}/sign-in",
        f"API reference: {url}{PAGE}",
        "",
        "Every command of the guide, ready to paste. The tokens in them were issued just now and are valid for 15 "
        "minutes.",
    ]
    commands = _commands(url, demo.brand, token, session)
    for number, command in enumerate(commands, 1):
        lines += ["", f"# {number}. {command.title}", command.curl]
    passports = passport_lines(url, demo.brand, request_token(url, demo.brand, "dpp:read"))
    lines += ["", *passports, "", "Connections and shares, from both sides:"]
    shared = sharing_commands(url, demo, *sharing)
    for number, command in enumerate(shared, len(commands) + 1):
        lines += ["", f"# {number}. {command.title}", command.curl]
    lines += ["", "Events and traces, from the cotton to the sold garment:"]
    for number, command in enumerate(event_commands(url, demo, *sharing), len(commands) + len(shared) + 1):
        lines += ["", f"# {number}. {command.title}", command.curl]
    return "\n".join([*lines, "", END])


def _lines(account: DemoAccount) -> list[str]:
    company = account.company
    return [
        f"Account {company.name}, {len(account.products)} products. Its people sign in with:",
        *(f"  {person.role:7} {person.email:22} {person.password}" for person in account.people),
        "",
        f"OAuth client {company.client}, scopes {company.scope}:",
        f"  client_id      {account.client_id}",
        f"  client_secret  {account.client_secret}",
        "",
    ]


def _commands(url: str, account: DemoAccount, client_token: str, session: dict[str, Any]) -> list[Command]:
    """Those of the authentication guide."""
    api, owner = url + API, account.people[0]
    json_type = '-H "Content-Type: application/json"'
    return [
        Command(
            "Request an access token",
            f"curl -X POST {api}/oauth/token \\\n"
            '  -H "Content-Type: application/x-www-form-urlencoded" \\\n'
            '  -d "grant_type=client_credentials" \\\n'
            f'  -d "client_id={account.client_id}" \\\n'
            f'  -d "client_secret={account.client_secret}" \\\n'
            f'  -d "scope={_SCOPE}"',
        ),
        Command("Use the token", get(f"{api}/products", client_token)),
        Command(
            "Rotate the client secret: the one above becomes invalid immediately, the response contains the new one",
            f"curl -X POST {api}/oauth/clients/{account.client_id}/rotate \\\n"
            f'  -H "Authorization: Bearer {client_token}"',
        ),
        Command(
            "Log in as a person",
            f"curl -X POST {api}/auth/login \\\n  {json_type} \\\n"
            f"  -d '{{\n    \"email\": \"{owner.email}\",\n    \"password\": \"{owner.password}\"\n  }}'",
        ),
        Command("Use the person's token", get(f"{api}/products", session["accessToken"])),
        Command(
            "Refresh the tokens: a refresh token works once",
            f"curl -X POST {api}/auth/refresh \\\n  {json_type} \\\n"
            f"  -d '{{\n    \"refreshToken\": \"{session['refreshToken']}\"\n  }}'",
        ),
        Command(
            "Log out: the session's tokens become invalid immediately",
            f'curl -X POST {api}/auth/logout \\\n  -H "Authorization: Bearer {session["accessToken"]}"',
        ),
    ]  # fmt: skip
