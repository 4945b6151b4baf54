"""Doctor checks of files: data directory, keys, certificate, free space."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linkxg.clock import now_s
from linkxg.db.node_sockets import DIRECTORY
from linkxg.identity.tokens.keys import FILE, KeysError, active_key, has_keys, read_keys
from linkxg.ops.doctor.findings import Finding, ok, problem, warning
from linkxg.runtime.files import is_read_only
from linkxg.settings import Settings

MAX_KEY_AGE = timedelta(days=365)
EXPIRES_SOON = timedelta(days=30)
MIB = 2**20
LOW_SPACE = 1_024 * MIB
MIN_SPACE = 100 * MIB


def check_data_dir(data_dir: Path) -> Iterator[Finding]:
    """Owner and mode of the directory and of its files."""
    if not data_dir.exists():
        yield warning("data directory", f"{data_dir} does not exist", "linkxg serve creates it on first start")
        return
    if data_dir.is_dir() and is_read_only(data_dir):
        message = f"{data_dir} is on a file system that is mounted read-only"
        yield problem("data directory", message, "mount it for writing: until then changes of rows or keys are refused")
        return
    if not data_dir.is_dir() or not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        yield problem("data directory", f"{data_dir} is not a directory that this user can write", "check its owner")
        return
    wrong = list(_exposed([data_dir, *sorted(data_dir.glob("*.db*")), data_dir / FILE, data_dir / DIRECTORY]))
    yield from wrong
    if not wrong:
        yield ok("data directory", f"{data_dir} belongs to one user alone")


def _exposed(paths: list[Path]) -> Iterator[Finding]:
    owner = paths[0].stat().st_uid
    if os.geteuid() not in (0, owner):
        do = "run this command, and the service, as its owner"
        yield problem("data directory", f"{paths[0]} belongs to uid {owner}, this is uid {os.geteuid()}", do)
    for path in paths:
        if not path.exists():
            continue
        status = path.stat()
        if status.st_uid != owner:
            message = f"{path} belongs to uid {status.st_uid}, its directory to uid {owner}"
            yield problem("data directory", message, f"chown {owner} {path}")
        if status.st_mode & 0o077:
            message = f"{path} is accessible to other users (mode {status.st_mode & 0o777:o})"
            if not path.is_dir():
                yield problem("data directory", message, f"chmod 600 {path}")
            else:
                # With write access others can replace our files; with read access they see names only.
                finding = problem if status.st_mode & 0o022 else warning
                yield finding("data directory", message, f"chmod 700 {path}")


def check_keys(settings: Settings, *, first_start: bool) -> Iterator[Finding]:
    """Whether there is a signing key, of the right algorithm and not too old."""
    if not has_keys(settings.data_dir):
        if first_start:
            yield warning("keys", f"there is no {FILE} yet", "linkxg serve creates it on first start")
        else:
            do = "restore your copy; without one run linkxg keys replace, after which everybody has to sign in again"
            yield problem("keys", f"{settings.data_dir / FILE} is missing, but there is a database", do)
        return
    try:
        found = read_keys(settings.data_dir)
        signing = active_key(found, now_s())
    except KeysError as error:
        yield problem("keys", str(error), "restore your copy, with mode 600, owned by the user of the service")
        return
    age = timedelta(seconds=now_s() - signing.active_from)
    message = f"{signing.kid} has been signing with {signing.alg} for {age.days} days; {len(found.keys)} in the file"
    if signing.alg != settings.token_algorithm:
        yield warning(
            "keys", message, f"LINKXG_TOKEN_ALGORITHM is {settings.token_algorithm}: the next start rotates the key"
        )
    elif age > MAX_KEY_AGE:
        yield warning("keys", message, "run linkxg keys rotate; no request fails")
    else:
        yield ok("keys", message)


def check_space(places: list[Path]) -> Iterator[Finding]:
    """Free space on the file systems of the database and the keys."""
    for place in {_mount(place): place for place in places}.values():
        if is_read_only(place):
            message = f"{place} is on a file system that is mounted read-only"
            yield problem("free space", message, "mount it for writing: until then every change is refused")
            continue
        free = shutil.disk_usage(place).free
        message = f"{free // MIB:,} MiB free for {place}"
        if free < MIN_SPACE:
            yield problem("free space", message, "free some space: with a full disk every change is refused")
        elif free < LOW_SPACE:
            yield warning("free space", message, "free some space soon; a backup needs as much space as the database")
        else:
            yield ok("free space", message)


def _mount(place: Path) -> int:
    return place.stat().st_dev


def check_tls(settings: Settings, host: str) -> Iterator[Finding]:
    """Whether certificate and key are readable and match, and the certificate is valid for this host."""
    if not settings.tls_cert:
        return
    try:
        certificate = x509.load_pem_x509_certificates(Path(settings.tls_cert).read_bytes())[0]
        key = serialization.load_pem_private_key(Path(settings.tls_key).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        yield problem("TLS", f"certificate or key cannot be read: {type(error).__name__}", "check both PEM files")
        return
    if _public(key.public_key()) != _public(certificate.public_key()):
        yield problem("TLS", "the key does not match the certificate", "install a matching pair")
    if Path(settings.tls_key).stat().st_mode & 0o077:
        yield warning("TLS", f"{settings.tls_key} is accessible to other users", f"chmod 600 {settings.tls_key}")
    ends, now = certificate.not_valid_after_utc, datetime.now(UTC)
    message = f"certificate valid until {ends:%Y-%m-%d}"
    if not certificate.not_valid_before_utc <= now < ends:
        begins = certificate.not_valid_before_utc
        yield problem("TLS", f"certificate valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}, not now", "renew it")
    elif ends - now < EXPIRES_SOON:
        yield warning("TLS", message, "renew it and restart the service")
    else:
        yield ok("TLS", message)
    names = _names(certificate)
    if host and host not in names and f"*.{host.partition('.')[2]}" not in names:
        yield warning("TLS", f"the certificate is for {', '.join(names) or 'no host'}, not {host}", "clients refuse it")


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = extension.value.get_values_for_type(x509.DNSName)
    return [*names, *map(str, extension.value.get_values_for_type(x509.IPAddress))]
