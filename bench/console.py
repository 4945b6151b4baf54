"""Measures the API Access page of a large account against the read of one product. Run as `python -m bench.console`."""

import re
import statistics
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.api import make_product, sign_in
from bench.processes import service, wrk
from bench.report import Figure, report
from bench.seed import PASSWORD, seed

ROUNDS, SECONDS, FEW, CLIENTS, TIMES = 3, 4, 4, 1_000, 15.0


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """One worker, SQLite; a saturated worker spends 1/rate seconds on a request."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        made = seed(data_dir, client_count=CLIENTS, people=1)
        with service(data_dir) as url:
            product, token = url + make_product(url, made.emails[0]), sign_in(url, made.emails[0])
            tokens = data_dir / "tokens"
            tokens.write_text(token)
            cookie, page = _sign_in(url, made.emails[0]), f"{url}/account/api-access"
            pairs = []
            for _ in range(rounds):
                read = wrk(product, seconds=SECONDS, connections=FEW, script="headers.lua", TOKENS=str(tokens))
                shown = wrk(page, seconds=SECONDS, connections=FEW, script="cookie.lua", COOKIE=cookie)
                if read.errors or shown.errors:
                    raise RuntimeError("the service answered with errors")
                pairs.append((read.rate, shown.rate))
    ratio = statistics.median(read / shown for read, shown in pairs)
    page_ms, read_ms = (statistics.median(1_000 / pair[column] for pair in pairs) for column in (1, 0))
    name = f"API Access page of {CLIENTS:,} clients, in reads of a product"
    return [Figure(name, ratio, TIMES, f"{page_ms:.2f} ms and {read_ms:.2f} ms of the server", at_most=True)]


def _sign_in(url: str, email: str) -> str:
    """Sign in as a browser does; returns the session cookie."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/sign-in")
    form = connection.getresponse()
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', form.read().decode())
    if found is None:
        raise RuntimeError("there is no sign-in form")
    fields = {"csrf": found[1], "email": email, "password": PASSWORD, "next": "/"}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": _cookies(form.msg.get_all("set-cookie", [])),
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("POST", "/sign-in", urlencode(fields), headers)
    entered = connection.getresponse()
    entered.read()
    connection.close()
    if entered.status != 303:
        raise RuntimeError(f"the sign-in was answered with {entered.status}")
    return _cookies(entered.msg.get_all("set-cookie", []))


def _cookies(found: list[str]) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in found)


if __name__ == "__main__":
    report(measure())
