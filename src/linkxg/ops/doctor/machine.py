"""Doctor checks of the machine: clock, resource limits, addresses."""

import http.client
import resource
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from linkxg.http.client_ip import PLAIN_HTTP_REFUSED
from linkxg.ops.doctor.findings import Finding, ok, problem, warning
from linkxg.server.connection import CONNECTIONS
from linkxg.server.listener import listen
from linkxg.settings import Settings, is_loopback

FIRST_YEAR, LAST_YEAR = 2026, 2100
MAX_STEP_S = 0.5
SPARE_DESCRIPTORS = 128
_TIMEOUT_S = 3.0


class Instant(NamedTuple):
    """One point in time on both clocks, in seconds."""

    wall: float
    steady: float


def now() -> Instant:
    return Instant(time.time(), time.monotonic())


def check_clock(since: Instant) -> Iterator[Finding]:
    """Whether the wall clock is plausible, and ran steadily during the other checks."""
    until = now()
    year = datetime.fromtimestamp(until.wall, UTC).year
    step = (until.wall - since.wall) - (until.steady - since.steady)
    if not FIRST_YEAR <= year < LAST_YEAR:
        yield problem("clock", f"the year is {year}", "set the clock: the lifetime of every token depends on it")
    elif until.steady < since.steady or abs(step) > MAX_STEP_S:
        yield problem(
            "clock", f"it jumped by {step:+.1f} s during the check", "let NTP slew the clock instead of stepping it"
        )
    else:
        yield ok("clock", f"{datetime.fromtimestamp(until.wall, UTC):%Y-%m-%d %H:%M:%S} UTC, steady")


def check_descriptors() -> Iterator[Finding]:
    """Whether a worker may open enough files for its connections."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + SPARE_DESCRIPTORS
    message = f"{soft:,} open files allowed, {needed:,} needed by a worker under full load"
    if soft != resource.RLIM_INFINITY and soft < needed:
        yield warning("open files", message, "ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit")
    else:
        yield ok("open files", message)


def check_listener(settings: Settings, host: str, port: int) -> Iterator[Finding]:
    """Whether the service answers at its address, or the address is free."""
    if _answers(host, port, tls=bool(settings.tls_cert)):
        yield ok("address", f"the service answers on {host}:{port}")
        return
    try:
        for listener in listen(host, port):
            listener.close()
    except OSError as error:
        do = "stop the program that listens there, or choose another --port"
        yield problem("address", f"{host}:{port} cannot be used: {error.strerror}", do)
    else:
        yield ok("address", f"{host}:{port} is free")


def check_addresses(settings: Settings, host: str) -> Iterator[Finding]:
    """Whether public address, TLS and trusted proxies are consistent."""
    name = "public address"
    url = urlsplit(settings.public_url)
    for network in settings.trusted_proxies:
        if network.prefixlen == 0:
            do = "name the proxy's own address in LINKXG_TRUSTED_PROXIES"
            yield problem(name, f"{network} lets every sender choose its client address", do)
    if not settings.public_url:
        if settings.trusted_proxies or not is_loopback(host):
            do = "set LINKXG_PUBLIC_URL to the address that clients use"
            yield problem(name, "not set: tokens would have the internal address as their issuer", do)
        else:
            yield ok(name, "not set: this machine only")
    elif url.scheme == "http" and not is_loopback(url.hostname or ""):
        yield problem(name, f"{settings.public_url} is plain HTTP", "use an https:// address")
    elif url.scheme == "https" and not settings.tls_cert and not settings.trusted_proxies:
        do = "set LINKXG_TLS_CERT and LINKXG_TLS_KEY, or LINKXG_TRUSTED_PROXIES to the proxy that terminates TLS"
        yield problem(name, f"{settings.public_url} is HTTPS, but nothing terminates TLS", do)
    elif url.scheme == "http" and settings.tls_cert:
        yield problem(name, f"{settings.public_url} is plain HTTP, but the service terminates TLS", "use https://")
    else:
        yield ok(name, settings.public_url)


def _answers(host: str, port: int, *, tls: bool) -> bool:
    """Whether this program answers at the address."""
    connection: http.client.HTTPConnection
    if tls:
        # The certificate is verified by another check.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        # To a request from an address other than loopback this program rejects plain HTTP, which identifies it too.
        body = response.read(500)
        expected = {200: b'"ok"', 400: PLAIN_HTTP_REFUSED.encode()}.get(response.status)
        return expected is not None and expected in body
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
