"""An invitation runs the same statements whether or not the invitee exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from linkxg.identity.accounts.store import update_account
from linkxg.network.connections.store import connections
from network.verbs import Company, Service, Story

BESIDES = ("FROM changes", "pg_snapshot_xmin", "pg_terminate_backend")
"""Statements of the invalidation feed and of the watch over long transactions, which run at any time."""
SAVEPOINT = re.compile(r"(RELEASE|ROLLBACK TO) SAVEPOINT \w+|sa_savepoint_\d+")


def test_statements_do_not_depend_on_whether_the_invitee_exists(run: Callable[[Story], None]) -> None:
    """But how the savepoint ends."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not any(part in statement for part in BESIDES):
            seen.append(SAVEPOINT.sub("savepoint", statement))

    async def traced(service: Service, by: Company, invitee: dict[str, str]) -> list[str]:
        seen.clear()
        await service.revoke(by, await service.invite(by, **invitee))
        return list(seen)

    async def story(service: Service, companies: list[Company]) -> None:
        first, second, _ = companies
        event.listen(Engine, "before_cursor_execute", note)
        try:
            for existing, missing in (
                ({"invitee_slug": second.slug}, {"invitee_slug": "nobody"}),
                ({"invitee_gln": "4012345000009"}, {"invitee_gln": "4099999000005"}),
                ({"invitee_email": second.email}, {"invitee_email": "nobody@example.test"}),
            ):
                if "invitee_gln" in existing:
                    await service.database.write(update_account, second.id, {"gln": existing["invitee_gln"]})
                for each in (existing, missing):
                    await traced(service, first, each)
                found, lost = await traced(service, first, existing), await traced(service, first, missing)
                assert len(found) > 20
                assert found == lost
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        kept = await service.database.read(lambda conn: conn.execute(select(connections.c.account_id)).scalars().all())
        assert (kept.count(first.id), kept.count(second.id)) == (12, 6)

    run(story)
