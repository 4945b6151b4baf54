"""The curl commands of the authentication guide with the credentials of the demo."""

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from linkxg.api_docs.routes import PAGE
from linkxg.ops.demo.account import ACCOUNT, CLIENT, SCOPE, DemoAccount

API = "/api/v1"
END = "Stop the demo with Ctrl-C: everything above is deleted with it."
_TIMEOUT_S = 30.0


class Command(NamedTuple):
    title: str
    curl: str


class DemoFailed(Exception):
    """The service did not return what the guide promises."""


def guide(url: str, account: DemoAccount) -> str:
    """The text that the demo prints; requests the tokens in it from the running service."""
    scope = "products:read connections:read"
    form = {
        "grant_type": "client_credentials",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "scope": scope,
    }
    owner = account.people[0]
    token = _post(url, f"{API}/oauth/token", urlencode(form), "application/x-www-form-urlencoded")
    credentials = json.dumps({"email": owner.email, "password": owner.password})
    session = _post(url, f"{API}/auth/login", credentials, "application/json")["data"]
    commands = _commands(url, account, token["access_token"], session)
    lines = [
        f"LinkXG demo at {url}",
        "",
        f"Account {ACCOUNT}, {account.products} products. Its people sign in with:",
        *(f"  {person.role:7} {person.email:22} {person.password}" for person in account.people),
        "",
        f"OAuth client {CLIENT}, scopes {SCOPE}:",
        f"  client_id      {account.client_id}",
        f"  client_secret  {account.client_secret}",
        "",
        f"Console: {url}/sign-in",
        f"API reference: {url}{PAGE}",
        "",
        "Every command of the guide, ready to paste. The tokens in them were issued just now and are valid for 15 "
        "minutes.",
    ]
    for number, command in enumerate(commands, 1):
        lines += ["", f"# {number}. {command.title}", command.curl]
    return "\n".join([*lines, "", END])


def _commands(url: str, account: DemoAccount, client_token: str, session: dict[str, Any]) -> list[Command]:
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
            '  -d "scope=products:read connections:read"',
        ),
        Command("Use the token", _get(f"{api}/products", client_token)),
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
        Command("Use the person's token", _get(f"{api}/products", session["accessToken"])),
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


def _get(address: str, token: str) -> str:
    return f'curl {address} \\\n  -H "Authorization: Bearer {token}"'


def _post(url: str, path: str, body: str, media_type: str) -> dict[str, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", path, body, {"Content-Type": media_type})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise DemoFailed(f"{path} answered {response.status}")
    body_json: dict[str, Any] = json.loads(content)
    return body_json
