"""A PostgreSQL primary with a synchronous standby."""

from __future__ import annotations

import time

from harness.databases import PostgresDatabase
from harness.postgres import READY, USER, Cluster
from harness.processes import START_TIMEOUT_S

STANDING_BY = "database system is ready to accept read-only connections"


class Standby(Cluster):
    """A streaming copy of another cluster, on a port of its own or on that of one that is gone."""

    def __init__(self, primary: Cluster, port: int | None = None) -> None:
        self._primary = primary
        super().__init__()
        self.port = port or self.port

    def _initialise(self) -> None:
        self._run("pg_basebackup", "--pgdata", str(self._data), "--dbname", self._primary.url(USER),
                  "--write-recovery-conf", "--checkpoint", "fast", "--wal-method", "stream")  # fmt: skip

    def start(self) -> Cluster:
        self.launch().wait_for(lambda line: STANDING_BY in line)
        return self

    def promote(self) -> None:
        """Make it take writes; returns when it does."""
        self._run("pg_ctl", "promote", "--pgdata", str(self._data))
        self.process.wait_for(lambda line: READY in line)


class ReplicatedDatabase:
    """One database on a primary and its synchronous standby; `cluster` is whichever takes writes."""

    def __init__(self) -> None:
        self.cluster = Cluster().start()
        self.name = self.cluster.new_database().rpartition("/")[2]
        self.standby = Standby(self.cluster)
        self.standby.start()
        self.ports = [self.cluster.port, self.standby.port]
        self.require_standby()

    @property
    def url(self) -> str:
        return self.address(self.ports)

    def address(self, ports: list[int]) -> str:
        """The database behind whichever of these ports takes writes, as libpq and the program spell it."""
        servers = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"postgresql://{USER}@{servers}/{self.name}?target_session_attrs=read-write"

    def contents(self) -> bytes:
        return PostgresDatabase(self.cluster, self.cluster.url(self.name)).contents()

    def require_standby(self) -> None:
        """From now on a commit waits until the standby has stored it."""
        url = self.cluster.url(USER)
        self.cluster.query(url, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.cluster.query(url, "SELECT pg_reload_conf()")
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.cluster.query(url, "SELECT sync_state FROM pg_stat_replication") != [["sync"]]:
            assert time.monotonic() < deadline, "the standby does not follow"

    def replace_standby(self) -> None:
        """A new standby where the old primary was."""
        gone, self.cluster = self.cluster, self.standby
        gone.remove()
        self.standby = Standby(self.cluster, gone.port)
        self.standby.start()
        self.require_standby()

    def remove(self) -> None:
        self.standby.remove()
        self.cluster.remove()
