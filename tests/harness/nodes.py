"""Several nodes of one installation, as processes with directories of their own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.databases import Database
from harness.server import Server
from harness.vault import Vault

PUBLIC_URL = "http://127.0.0.1"


class Nodes:
    """Servers that share a database and a public address. Each has a data directory; the keys are copied once."""

    def __init__(self, directory: Path, database: Database, vault: Vault, settings: Mapping[str, str]) -> None:
        self._directory = directory
        self._database = database
        self._vault = vault
        self._settings = {"LINKXG_PUBLIC_URL": PUBLIC_URL, **settings}
        self.servers: list[Server] = []

    def add(self, *, keys: bool = True, workers: int = 1, **settings: str) -> Server:
        """One node more, not started; `keys` says whether it is given those of the first one."""
        directory = self._directory / f"node-{len(self.servers)}"
        directory.mkdir()
        node = Server(directory, self._database, self._vault, workers=workers, settings=self._settings | settings)
        if keys and self.servers:
            copy_keys(self.servers[0], node)
        self.servers.append(node)
        return node

    def close(self) -> None:
        for server in self.servers:
            server.close()


def copy_keys(source: Server, target: Server) -> None:
    """What an operator does once for each node."""
    shutil.copy2(source.data_dir / "keys.json", target.data_dir / "keys.json")
