"""The database of one server under test, and the content of its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.postgres import Cluster

BYTEA = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")


class Database(Protocol):
    """What the harness needs of either engine."""

    @property
    def url(self) -> str: ...

    def contents(self) -> bytes:
        """Everything at rest, as somebody who stole the storage would read it."""
        ...


@dataclass(frozen=True)
class SqliteDatabase:
    """The embedded engine: one file with its write-ahead log beside it."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def contents(self) -> bytes:
        files = sorted(self.path.parent.glob(self.path.name + "*"))
        assert files, f"there is no database at {self.path}"
        return b"\n".join(file.read_bytes() for file in files)


@dataclass(frozen=True)
class PostgresDatabase:
    """The shared engine: one database of the cluster that the harness runs."""

    cluster: Cluster
    name_url: str

    @property
    def url(self) -> str:
        return self.name_url

    def contents(self) -> bytes:
        dump = self.cluster.dump(self.name_url)
        # Binary columns are written in hexadecimal: read them as the bytes that they are, too.
        return dump + b"\n".join(bytes.fromhex(match.decode()) for match in BYTEA.findall(dump))
