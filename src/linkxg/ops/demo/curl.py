"""The curl commands of the demo, and the requests for the tokens in them."""

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from linkxg.ops.demo.account import DemoAccount, DemoPerson

API = "/api/v1"
_TIMEOUT_S = 30.0


class Command(NamedTuple):
    title: str
    curl: str


class DemoFailed(Exception):
    """The service did not return what the guide promises."""


def get(address: str, token: str) -> str:
    quoted = f'"{address}"' if "?" in address else address
    return f'curl {quoted} \\\n  -H "Authorization: Bearer {token}"'


def post(address: str, token: str, body: dict[str, Any], *header_fields: str) -> str:
    """With a JSON body, which must not contain an apostrophe."""
    quoted = f'"{address}"' if "?" in address else address
    fields = (f"Authorization: Bearer {token}", "Content-Type: application/json", *header_fields)
    lines = [f"curl -X POST {quoted}", *(f'-H "{field}"' for field in fields)]
    return " \\\n  ".join([*lines, f"-d '{json.dumps(body, indent=2).replace(chr(10), chr(10) + '  ')}'"])


def request_token(url: str, account: DemoAccount, scope: str) -> str:
    """An access token of the account's client."""
    form = {
        "grant_type": "client_credentials",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "scope": scope,
    }
    answer = _send(url, f"{API}/oauth/token", urlencode(form), "application/x-www-form-urlencoded")
    return str(answer["access_token"])


def sign_in(url: str, person: DemoPerson) -> dict[str, Any]:
    """The tokens of a new session."""
    credentials = json.dumps({"email": person.email, "password": person.password})
    session: dict[str, Any] = _send(url, f"{API}/auth/login", credentials, "application/json")["data"]
    return session


def read(url: str, path: str, token: str) -> Any:
    """The data of an answer to GET."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise DemoFailed(f"{path} answered {response.status}")
    return json.loads(content)["data"]


def _send(url: str, path: str, body: str, media_type: str) -> dict[str, Any]:
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
    answer: dict[str, Any] = json.loads(content)
    return answer
