"""Finds the primary among several PostgreSQL servers.

`postgresql://USER@ONE:5432,OTHER:5432/NAME`, as libpq spells it, names a primary and its standbys in any order. Only
the primary is used: a standby lags behind.
"""

from typing import Any

import asyncpg

_UNUSABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.exceptions.TargetServerAttributeNotMatched,
)


class PrimaryFinder:
    """Connects to the primary; tries the last one first, and each server for its share of the time."""

    def __init__(self, servers: list[tuple[str, int]]) -> None:
        self._servers = servers

    async def connect(self, *, timeout: float, **options: Any) -> asyncpg.Connection:  # noqa: ASYNC109  the driver's name
        """As `asyncpg.connect`, without the host. Raises ConnectionError if no server is a primary."""
        options["target_session_attrs"] = "read-write"
        if not self._servers:
            return await asyncpg.connect(timeout=timeout, **options)
        options = {name: value for name, value in options.items() if name not in {"host", "port"}}
        share, faults = timeout / len(self._servers), []
        for server in list(self._servers):
            host, port = server
            try:
                found = await asyncpg.connect(host=host, port=port, timeout=share, **options)
            except _UNUSABLE as error:
                faults.append(f"{host}:{port}: {error or type(error).__name__}")
                continue
            self._servers.remove(server)
            self._servers.insert(0, server)
            return found
        raise ConnectionError("; ".join(faults))
