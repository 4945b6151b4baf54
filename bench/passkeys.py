"""Measures the server's processor time of a sign-in with a passkey: `PYTHONPATH=tests python -m bench.passkeys`."""

import json
import tempfile
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.api import API, post, sign_in
from bench.costs import counted, idle_cost
from bench.processes import service
from bench.report import Figure, report
from bench.seed import seed
from harness.authenticator import SoftwareAuthenticator

PEOPLE, SIGN_INS, WARM_UP = 30, 15, 2
"""Sign-ins of each person; one more than twenty sessions would end another, which is work of its own."""
ORIGIN = "http://localhost:8000"
BAR_MS = 3.0


def measure() -> list[Figure]:
    """On SQLite; options and assertion together, for both are one sign-in."""
    with tempfile.TemporaryDirectory() as folder:
        made = seed(Path(folder), client_count=0, people=PEOPLE)
        with service(Path(folder), LINKXG_PUBLIC_URL=ORIGIN) as url:
            authenticators = [_register(url, email) for email in made.emails]
            _sign_in(url, authenticators, WARM_UP)
            idle = idle_cost(url, None)
            with counted(url, None) as spent:
                _sign_in(url, authenticators, SIGN_INS)
    count = SIGN_INS * PEOPLE
    spent_ms = spent.per(count, idle).worker_us / 1_000
    note = f"{count} sign-ins, one after the other"
    return [Figure("processor milliseconds of a sign-in with a passkey", spent_ms, BAR_MS, note, at_most=True)]


def _register(url: str, email: str) -> SoftwareAuthenticator:
    bearer = sign_in(url, email)
    authenticator = SoftwareAuthenticator(ORIGIN, "localhost")
    options: Any = post(f"{url}{API}/auth/factors/passkeys/options", {}, bearer)["data"]["publicKey"]
    post(f"{url}{API}/auth/factors/passkeys", {"credential": authenticator.create(options)}, bearer)
    return authenticator


def _sign_in(url: str, authenticators: Sequence[SoftwareAuthenticator], times: int) -> None:
    connection = HTTPConnection(url.removeprefix("http://"))
    for authenticator in [*authenticators] * times:
        options = _call(connection, "options", {})["publicKey"]
        _call(connection, "", {"credential": authenticator.get(options)})
    connection.close()


def _call(connection: HTTPConnection, path: str, body: dict[str, Any]) -> Any:
    connection.request(
        "POST", f"{API}/auth/passkey/{path}".rstrip("/"), json.dumps(body), {"Content-Type": "application/json"}
    )
    with connection.getresponse() as response:
        answer = response.read()
        if response.status != HTTPStatus.OK:
            raise RuntimeError(f"a sign-in failed: {answer.decode()}")
        return json.loads(answer)["data"]


if __name__ == "__main__":
    report(measure())
