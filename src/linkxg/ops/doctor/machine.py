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
from linkxg.identity.oauth.metadata_endpoint import KEYS
from linkxg.identity.tokens.keys import KeysError, read_keys
from linkxg.ops.doctor.findings import Finding, ok, problem, warning
from linkxg.runtime.data_dir_lock import is_in_use
from linkxg.server.connection import CONNECTIONS
from linkxg.server.listener import listen
from linkxg.settings import Settings, is_loopback

FIRST_YEAR, LAST_YEAR = 2026, 2100
MAX_STEP_S = 0.5
SPARE_DESCRIPTORS = 128
_TIMEOUT_S = 3.0
_MAX_BODY = 64 * 1024


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
    answers = _answers(settings, host, port)
    do = "stop the program that listens there, or choose another --port"
    if answers:
        yield ok("address", f"the service answers on {host}:{port}")
        return
    if answers is False:
        yield problem("address", f"another service than that of this data directory answers on {host}:{port}", do)
        return
    try:
        for listener in listen(host, port):
            listener.close()
    except OSError as error:
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


def _answers(settings: Settings, host: str, port: int) -> bool | None:
    """Whether the service that runs on this data directory answers at the address; None if no LinkXG does."""
    status, body = _get(settings, host, port, "/healthz")
    # To a request from an address other than loopback this program rejects plain HTTP, and says no more of itself.
    if status == 400 and PLAIN_HTTP_REFUSED.encode() in body:
        return True
    if status != 200 or b'"ok"' not in body:
        return None
    try:
        in_use = is_in_use(settings.data_dir)
    except OSError:
        # Reported by the checks of the directory.
        return True
    return in_use and _has_own_keys(settings, _get(settings, host, port, KEYS)[1])


def _has_own_keys(settings: Settings, key_set: bytes) -> bool:
    """Whether a JWK set has a key of `keys.json`; HS256 keys are in no key set."""
    try:
        own = {record.kid for record in read_keys(settings.data_dir).keys if not record.alg.startswith("HS")}
    except KeysError:
        return True
    return not own or any(f'"{kid}"'.encode() in key_set for kid in own)


def _get(settings: Settings, host: str, port: int, path: str) -> tuple[int, bytes]:
    """Status and body; (0, b"") if there is no HTTP response."""
    connection: http.client.HTTPConnection
    if settings.tls_cert:
        # The certificate is verified by another check.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(_MAX_BODY)
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
