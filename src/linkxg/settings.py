"""The settings of the process, from `LINKXG_…` environment variables.

Unknown names and unsafe values prevent the start with a one-line message. Only the composition root, the server and the
command line read settings; everything else gets values as arguments.
"""

import difflib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "LINKXG_"
_DATA_DIR = Path("data")
ALGORITHMS = ("HS256", "ES256", "EdDSA", "RS256")
_AUTHORITY = re.compile(r"(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_REPORTER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,64}")
_OTHER_HEADERS = frozenset({"authorization", "dpop", "host", "cookie", "x-forwarded-for", "x-forwarded-proto"})
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """An invalid setting; the message names it and says what to do."""


def _text(value: str) -> str:
    return value


def _networks(value: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())


def _scale(value: str) -> float:
    number = float(value)
    if not 0 < number <= 1_000_000:
        raise ValueError("must be above 0 and at most 1000000")
    return number


def _count(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 1_024:
        raise ValueError("must be between 1 and 1024")
    return number


def _choice(*allowed: str) -> Any:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return parse


def _url(*schemes: str) -> Any:
    def parse(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            raise ValueError(f"must start with one of {', '.join(s + '://' for s in schemes)}")
        # postgresql:// may name several servers.
        servers = urlsplit(value).netloc.rpartition("@")[2].split(",") if value.startswith("postgresql:") else [None]
        try:
            for server in servers:
                _ = urlsplit(value if server is None else f"//{server}").port
        except ValueError:
            # Without the value: an unencoded password may have been parsed as the port.
            raise ValueError("the port is not a number; is a password not percent-encoded?") from None
        return value

    return parse


def _dns_server(value: str) -> str:
    """An address and a port: the name of a DNS server could not be resolved without one."""
    try:
        ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        address, _, port = value.rpartition(":")
        ipaddress.ip_address(address.strip("[]"))
        if not 0 < int(port) < 65_536:
            raise ValueError("the port must be between 1 and 65535") from None
    return value


def _public_url(value: str) -> str:
    """An origin (scheme and authority): the issuer, and the prefix of every URL of the service."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("the host or the port is malformed") from None
    scheme = next((known for known in ("https", "http") if parts.scheme == known), None)
    if scheme is None:
        raise ValueError("must start with one of http://, https://")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name or password")
    if "?" in value or "#" in value:
        raise ValueError("must not carry a query or a fragment (RFC 8414 §2)")
    if parts.path not in ("", "/"):
        raise ValueError(
            f"must not carry a path: the service answers at the root of its host, as {scheme}://HOST[:PORT]"
        )
    if not value.isascii():
        raise ValueError(f"the host is not ASCII: write it as IDNA{_idna(host)}")
    if value.rstrip("/") != value.rstrip("/").lower():
        raise ValueError("write scheme and host in lower case, as browsers send them")
    if port == {"https": 443, "http": 80}[scheme]:
        raise ValueError(f"leave out the port {port}, as browsers do")
    if not _AUTHORITY.fullmatch(parts.netloc):
        raise ValueError("the host is malformed")
    return f"{scheme}://{parts.netloc}"


def _header_name(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError("must be the name of a header field")
    if value.lower() in _OTHER_HEADERS:
        raise ValueError("this header field has another meaning")
    return value


def _idna(host: str) -> str:
    """A hint: the host as IDNA, if it can be encoded."""
    try:
        return f", {host.encode('idna').decode('ascii')}"
    except UnicodeError:
        return ""


def _scanners(value: str) -> tuple[tuple[str, str], ...]:
    """(name, https address or absolute path of the public keys) of each, separated by commas."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, value.split(","))):
        name, _, place = part.partition("=")
        if not _REPORTER.fullmatch(name) or name in found:
            raise ValueError("write NAME=ADDRESS, each name once, of lower-case letters, digits and hyphens")
        if not (place.startswith("https://") or Path(place).is_absolute()):
            raise ValueError(f"the keys of {name} must be at an https address or an absolute path")
        found[name] = place
    return tuple(found.items())


def _setting(default: Any, parse: Any, help: str) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help})


@dataclass(frozen=True)
class Settings:
    """Typed values; see `docs/configuration.md` for the same list in prose."""

    data_dir: Path = _setting(_DATA_DIR, Path, "Directory of the signing keys and of the embedded database.")
    database_url: str = _setting(
        "",
        _url("sqlite", "postgresql"),
        "sqlite:///PATH or postgresql://…, with several servers separated by commas; default: linkxg.db in the data "
        "directory.",
    )
    public_url: str = _setting(
        "",
        _public_url,
        "The service's own address: issuer of its tokens. Default: http://HOST:PORT.",
    )
    token_algorithm: str = _setting("HS256", _choice(*ALGORITHMS), "Algorithm of new signing keys.")
    trusted_proxies: tuple[Network, ...] = _setting(
        (),
        _networks,
        "Networks, separated by commas, whose X-Forwarded-For and X-Forwarded-Proto are trusted.",
    )
    client_cert_header: str = _setting(
        "",
        _header_name,
        "Header in which the trusted proxies report the client certificate of mutual TLS, such as Client-Cert.",
    )
    mutual_tls_url: str = _setting(
        "",
        _public_url,
        "Origin at which the proxy asks for client certificates, if it is not the public URL: mtls_endpoint_aliases.",
    )
    tls_cert: str = _setting("", _text, "PEM certificate chain; with LINKXG_TLS_KEY the service terminates TLS itself.")
    tls_key: str = _setting("", _text, "PEM private key of LINKXG_TLS_CERT.")
    limits_url: str = _setting(
        "memory://",
        _url("memory", "valkey", "redis"),
        "Where rate budgets are counted: memory:// (per worker) or valkey://HOST:PORT (shared).",
    )
    limit_scale: float = _setting(1.0, _scale, "Multiplies every rate budget.")
    smtp_url: str = _setting(
        "",
        _url("smtp", "smtps"),
        "smtp://USER:PASSWORD@HOST:PORT for all mail: invitations, password links, confirmations, notices.",
    )
    mail_from: str = _setting("LinkXG <no-reply@localhost>", _text, "Sender of all mail.")
    sign_up: str = _setting(
        "off",
        _choice("off", "invited", "open"),
        "Who creates accounts over the network: off (nobody, only linkxg bootstrap), invited (companies that a partner "
        "invites by mail) or open (anybody with a confirmed e-mail address; needs LINKXG_SMTP_URL).",
    )
    metrics_token: str = _setting("", _text, "Bearer token for requests to /metrics from other machines.")
    monitoring_networks: tuple[Network, ...] = _setting(
        (),
        _networks,
        "Networks, separated by commas, that may request /healthz, /readyz and /metrics over plain HTTP with the "
        "metrics token.",
    )
    provider_networks: tuple[Network, ...] = _setting(
        (),
        _networks,
        "Networks, separated by commas, in which identity providers of accounts, issuers of workloads and key sets of "
        "clients may be although they are not public.",
    )
    webhook_networks: tuple[Network, ...] = _setting(
        (),
        _networks,
        "Networks, separated by commas, in which receivers of subscriptions may be although they are not public.",
    )
    secret_scanners: tuple[tuple[str, str], ...] = _setting(
        (),
        _scanners,
        "NAME=KEYS of each secret scanner whose signed reports of leaked credentials count, separated by commas; "
        "KEYS is an https address or the absolute path of a file (JWK set, PEM, or as GitHub publishes them).",
    )
    dns_server: str = _setting(
        "",
        _dns_server,
        "ADDRESS or ADDRESS:PORT of the DNS server for identity providers, e-mail domains and receivers of "
        "subscriptions; default: the system's.",
    )
    log_level: str = _setting("info", _choice("debug", "info", "warning", "error"), "Lowest severity that is logged.")
    password_threads: int = _setting(0, _count, "Passwords hashed in parallel; default: the number of cores.")

    def __post_init__(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise SettingsError("LINKXG_TLS_CERT and LINKXG_TLS_KEY belong together: set both or neither.")
        for name in ("tls_cert", "tls_key"):
            path = getattr(self, name)
            if path and not Path(path).is_file():
                raise SettingsError(f"{variable(name)}: there is no file {path}.")
        for name, place in self.secret_scanners:
            if not place.startswith("https:") and not Path(place).is_file():
                raise SettingsError(
                    f"{variable('secret_scanners')}: there is no file {place}, with the keys of {name}."
                )
        if self.client_cert_header and not self.trusted_proxies:
            raise SettingsError(
                "LINKXG_CLIENT_CERT_HEADER needs LINKXG_TRUSTED_PROXIES: the header is read only of trusted proxies."
            )
        if self.mutual_tls_url and not self.client_cert_header:
            raise SettingsError("LINKXG_MUTUAL_TLS_URL needs LINKXG_CLIENT_CERT_HEADER.")
        if self.sign_up == "open" and not self.smtp_url:
            raise SettingsError(
                "LINKXG_SIGN_UP=open needs LINKXG_SMTP_URL: an account is created by the link of a confirmation mail."
            )
        if self.metrics_token and len(self.metrics_token) < 16:
            raise SettingsError("LINKXG_METRICS_TOKEN must have at least 16 characters.")
        if self.monitoring_networks and not self.metrics_token:
            raise SettingsError(
                "LINKXG_MONITORING_NETWORKS needs LINKXG_METRICS_TOKEN: plain HTTP is served only with it."
            )

    @property
    def database(self) -> str:
        """The database URL, by default that of the embedded database."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'linkxg.db'}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def describe() -> list[tuple[str, str, str]]:
    """Each setting as (variable, default, meaning), in the order of the class."""
    rows = []
    for spec in fields(Settings):
        default = "" if spec.default in ((), 0, "") else str(spec.default)
        rows.append((variable(spec.name), default, str(spec.metadata["help"])))
    return rows


def load(environment: Mapping[str, str], **overrides: Any) -> Settings:
    """Settings from `environment`; `overrides` are parsed values from the command line. Raises SettingsError."""
    known = {variable(spec.name): spec for spec in fields(Settings)}
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        spec = known.get(name)
        if spec is None:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting{hint}")
        if not text:
            continue
        try:
            values[spec.name] = spec.metadata["parse"](text)
        except ValueError as error:
            shown = "" if "secret" in name.lower() or "token" in name.lower() or "url" in name.lower() else f" ({text})"
            raise SettingsError(f"{name}{shown}: {error}") from None
    values.update({name: value for name, value in overrides.items() if value is not None})
    return Settings(**values)


def require_safe_listener(settings: Settings, host: str) -> None:
    """Permit plain HTTP only on loopback or behind a trusted proxy (RFC 6749 §2.3.1). Raises SettingsError."""
    if settings.tls_cert or settings.trusted_proxies or is_loopback(host):
        return
    raise SettingsError(
        f"refusing plain HTTP on {host}: set LINKXG_TLS_CERT and LINKXG_TLS_KEY, or name the proxy that terminates "
        "TLS in LINKXG_TRUSTED_PROXIES."
    )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
