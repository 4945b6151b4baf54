"""Lets others run during a long computation inside a unit of work."""

import asyncio

from sqlalchemy import Connection
from sqlalchemy.util import await_only


def yield_turn(conn: Connection) -> None:
    """On PostgreSQL, whose units run on the event loop; long ones on SQLite have a thread.

    A deadline of the unit ends it here, too.
    """
    if conn.dialect.name == "postgresql":
        await_only(asyncio.sleep(0))
