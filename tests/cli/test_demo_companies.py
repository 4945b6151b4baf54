"""The companies of the demo are created on either engine, and only in an empty database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conftest import DatabaseFactory
from harness.databases import Database
from harness.rows import count_rows, execute
from linkxg.db import metadata
from linkxg.errors import Conflict
from linkxg.ops.demo.create_demo import create_demo
from linkxg.ops.prepare import prepare_installation
from linkxg.settings import Settings


def test_a_second_demo_in_the_same_database_changes_nothing(
    engine: str, new_database: DatabaseFactory, tmp_path: Path
) -> None:
    database = new_database(engine)
    settings = Settings(data_dir=tmp_path, database_url=database.url, public_url="http://127.0.0.1:8000")
    prepare_installation(settings)
    demo = asyncio.run(create_demo(settings))
    names = execute(database, "select slug from accounts order by slug")
    assert names == [["acme-gmbh"], ["mill-sa"], ["weaver-ltd"]]
    assert count_rows(database, "connections where status = 'ACTIVE'") == 4
    assert count_rows(database, "connections where status = 'PENDING' and partner_id is null") == 1
    assert count_rows(database, "shares where type = 'ALL' and fields is not null and expires_at is null") == 1
    assert count_rows(database, "shares where type = 'PRODUCT' and fields is null and expires_at is not null") == 1
    assert count_rows(database, "shares where type = 'CATEGORY' and fields is null and expires_at is null") == 1
    assert count_rows(database, "acknowledgements where status = 'ACCEPTED'") == 1
    assert count_rows(database, "share_requests where status = 'PENDING'") == 1
    assert demo.network.link.startswith("http://127.0.0.1:8000/connections/invitations/lxginv_")
    captured = execute(database, "select count(*) from epcis_events group by account_id order by 1")
    assert captured == [["270"], ["462"], ["1262"]]
    before = _counts(database)
    with pytest.raises(Conflict):
        asyncio.run(create_demo(settings))
    assert _counts(database) == before


def _counts(database: Database) -> dict[str, int]:
    return {table: count_rows(database, table) for table in metadata.tables}
