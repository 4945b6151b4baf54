"""Several processes that start at once on an empty database. Promises R12 and R15."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import GENERAL, DatabaseFactory
from harness.clients import get_token, make_client
from harness.people import me, sign_in
from harness.rows import count
from harness.server import Server
from harness.vault import Vault

ENGINES = ["sqlite", "postgres"]


@pytest.mark.parametrize("engine", ENGINES)
def test_r12_two_services_start_on_one_empty_database(
    engine: str, tmp_path: Path, new_database: DatabaseFactory
) -> None:
    database, vault = new_database(engine), Vault()
    settings = GENERAL | {"LINKXG_PUBLIC_URL": "http://127.0.0.1"}
    servers = [Server(tmp_path, database, vault, settings=settings) for _ in range(2)]
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.wait_until_started()
        assert count(database, "SELECT count(*) FROM alembic_version") == 1
        assert len(servers[0].signing_keys()) == 1
        account = servers[0].bootstrap("Acme GmbH")
        here, there = (server.client() for server in servers)
        session = sign_in(here, account.owner)
        me(there, session.access).expect(200)
        oauth = make_client(there, session)
        there.get("/products", bearer=get_token(here, oauth)).expect(200)
        here.close()
        there.close()
    finally:
        for server in servers:
            server.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_r12_one_of_many_concurrent_migrations_does_the_work(
    engine: str, tmp_path: Path, new_database: DatabaseFactory
) -> None:
    server = Server(tmp_path, new_database(engine), Vault())
    command = [sys.executable, "-m", "linkxg", "migrate"]
    begun = [
        subprocess.Popen(
            command, env=server.environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=60)[0].decode() for process in begun]
    assert [process.returncode for process in begun] == [0, 0, 0, 0], outputs
    assert sum("empty" in text for text in outputs) == 1, outputs
