"""Reads the address of PostgreSQL servers as libpq spells it (PostgreSQL documentation, §34.1.1.2 and §34.1.2).

`postgresql://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME?PARAMETER=VALUE&…`. Each parameter of libpq is honoured or refused
by its name. No message shows a value that may be a secret: what is not encoded may be the rest of a password.
"""

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from linkxg.errors import OperatorError

DEFAULT_PORT = 5432
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "ssl_min_protocol_version",
        "ssl_max_protocol_version")  # fmt: skip
SUPPORTED = (
    "host", "port", "user", "password", "passfile", "dbname", *_TLS,
    "application_name", "connect_timeout", "target_session_attrs", "options", "client_encoding",
)  # fmt: skip
REFUSED = (
    "channel_binding", "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "hostaddr", "keepalives",
    "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts",
    "max_protocol_version", "min_protocol_version", "oauth_client_id", "oauth_client_secret", "oauth_issuer",
    "oauth_scope", "replication", "require_auth", "requirepeer", "requiressl", "scram_client_key", "scram_server_key",
    "service", "servicefile", "sslcertmode", "sslcompression", "sslcrldir", "sslkeylogfile", "sslnegotiation", "sslsni",
    "tcp_user_timeout",
)  # fmt: skip
_ADDRESS = re.compile(
    r"(?P<before>postgresql://(?:[^@/?]*@)?)(?P<hosts>[^/?]*)(?P<path>[^?]*)(?:\?(?P<query>.*))?", re.DOTALL
)


class AddressError(OperatorError):
    """An address of a database that cannot be used; the message says why, without a value of it."""

    exit_code = 2


@dataclass(frozen=True)
class PostgresAddress:
    """`url` has user, password and name; `servers` every host (or directory of a socket) with its port.

    `tls` is a DSN of nothing but TLS parameters; `settings` are those of the session; `name` is what the address adds
    to the name of this application.
    """

    url: URL
    servers: list[tuple[str, int]]
    tls: str = ""
    passfile: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    name: str = ""
    connect_timeout: float | None = None

    def application_name(self, own: str) -> str:
        """What `pg_stat_activity` shows. It begins with `own`, by which a restore knows a service that still runs."""
        return f"{own}/{self.name}" if self.name else own

    def timeout(self, longest: float) -> float:
        """Seconds in which to connect: those of the address, at most `longest`."""
        return min(self.connect_timeout or longest, longest)


def read_address(text: str) -> PostgresAddress:
    """Raises AddressError."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise AddressError("the database address does not begin with postgresql://")
    given = _parameters(match["query"] or "")
    try:
        url = make_url(match["before"] + "h" + match["path"])
        hosts = [make_url(f"postgresql://{server}/") for server in match["hosts"].split(",") if server]
    except (ArgumentError, ValueError):
        raise AddressError("the database address cannot be parsed; is a password not percent-encoded?") from None
    servers = [(each.host or "", each.port or DEFAULT_PORT) for each in hosts]
    url = url.set(
        drivername="postgresql+asyncpg",
        host="",
        username=given.get("user", url.username),
        password=given.get("password", url.password),
        database=given.get("dbname", url.database),
    )
    return PostgresAddress(
        url,
        _servers(given, servers),
        _tls(given),
        given.get("passfile"),
        {"options": given["options"]} if "options" in given else {},
        given.get("application_name", ""),
        _seconds(given),
    )


def _parameters(query: str) -> dict[str, str]:
    """Each parameter once. libpq knows no `+` for a blank."""
    try:
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise AddressError("the database address has a parameter without a value") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in SUPPORTED:
            raise AddressError(_refusal(name))
        if name in found:
            raise AddressError(f"the database address has the parameter {name} twice")
        if "\0" in value:
            raise AddressError(f"the database address has NUL in the parameter {name}")
        if value:
            found[name] = value
    _require_usable(found)
    return found


def _refusal(name: str) -> str:
    if name in REFUSED:
        return f"the database address has the parameter {name}, which is not supported: remove it"
    near = difflib.get_close_matches(name, SUPPORTED, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"the database address has a parameter that libpq does not know{hint} (is a password not percent-encoded?)"


def _require_usable(given: dict[str, str]) -> None:
    if given.get("sslmode", "prefer") not in SSL_MODES:
        raise AddressError(f"the database address: sslmode must be one of {', '.join(SSL_MODES)}")
    if given.get("target_session_attrs", "read-write") not in {"read-write", "primary"}:
        raise AddressError("the database address: target_session_attrs must be read-write: only the primary is used")
    if given.get("client_encoding", "utf8").lower().replace("-", "") not in {"utf8", "auto"}:
        raise AddressError("the database address: client_encoding must be UTF8")
    for name in _FILES:
        if name in given and not Path(given[name]).is_file():
            raise AddressError(f"the database address: {name}: there is no file {given[name]}")


def _servers(given: dict[str, str], servers: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those of the parameters `host` and `port` go before those of the address proper, as in libpq."""
    hosts = given["host"].split(",") if "host" in given else [host for host, _ in servers]
    if "port" not in given:
        ports = [DEFAULT_PORT] * len(hosts) if "host" in given else [port for _, port in servers]
        return list(zip(hosts, ports, strict=True))
    ports = [int(port) for port in given["port"].split(",") if port.isascii() and port.isdigit() and len(port) < 6]
    hosts = hosts or ["localhost"]
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts) or not all(0 < port < 65_536 for port in ports):
        raise AddressError("the database address: port must be one number, or one for each host")
    return list(zip(hosts, ports, strict=True))


def _tls(given: dict[str, str]) -> str:
    found = {name: given[name] for name in _TLS if name in given}
    return f"postgresql://?{urlencode(found)}" if found else ""


def _seconds(given: dict[str, str]) -> float | None:
    """Of `connect_timeout`; None for no bound of its own, which is what libpq means by 0."""
    text = given.get("connect_timeout", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise AddressError("the database address: connect_timeout must be a whole number of seconds")
    # libpq never waits for less than two.
    return max(2.0, float(text)) if int(text) else None
