"""Finds secrets of the run where none may be: log, metrics, database, backup."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from dataclasses import dataclass

import httpx

from harness.server import Server
from harness.vault import Secret


@dataclass(frozen=True)
class Leak:
    """A secret and the place where it was found."""

    place: str
    secrets: frozenset[Secret]


def metrics(server: Server) -> bytes:
    """The text that Prometheus would read."""
    # The node itself is asked over loopback, as a monitor does, whatever proxy is in front of it.
    with httpx.Client(trust_env=False, verify=False, timeout=30.0) as http:
        response = http.get(f"{server.url}/metrics")
    assert response.status_code == 200, response.text
    return response.content


def backup(server: Server) -> bytes:
    """A backup made by the program, with its members unpacked."""
    file = server.data_dir.parent / "canary.backup"
    file.unlink(missing_ok=True)
    server.command("backup", str(file))
    return _unpacked(file.read_bytes())


def _unpacked(content: bytes) -> bytes:
    """The content and what it holds in compressed form."""
    parts = [content]
    if content[:2] == b"\x1f\x8b":
        parts.append(gzip.decompress(content))
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            parts += [member.read() for name in tar.getmembers() if (member := tar.extractfile(name))]
    except (tarfile.ReadError, zlib.error, EOFError):
        pass
    return b"\n".join(parts)


def places(server: Server, *, with_backup: bool = True) -> dict[str, bytes]:
    """Everything that outlives a request, by name. The server has to be running."""
    found = {"log": server.log_text(), "metrics": metrics(server), "database": server.database.contents()}
    return found | {"backup": backup(server)} if with_backup else found


def leaks(server: Server, *, with_backup: bool = True) -> list[Leak]:
    """Every place with a secret in it: an empty list is what security rule 115 asks for."""
    looked_into = places(server, with_backup=with_backup)
    found = {name: server.vault.found_in(content) for name, content in looked_into.items()}
    return [Leak(name, frozenset(secrets)) for name, secrets in found.items() if secrets]
