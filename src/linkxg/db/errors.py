"""Describes a storage error in one line."""

import socket
import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from linkxg.db.database import UnsafeDatabase
from linkxg.errors import PublicError


def explain(fault: BaseException) -> str | None:
    """One line about a fault of the database, without SQL and values; None for any other exception."""
    if isinstance(fault, UnsafeDatabase):
        return str(fault)
    if isinstance(fault, DBAPIError):
        return f"the database refuses: {_first_line(fault.orig or fault)}"
    # asyncpg is loaded only where PostgreSQL is used, so its exceptions are known by their module.
    if isinstance(fault, SQLAlchemyError | sqlite3.Error) or type(fault).__module__.startswith("asyncpg."):
        return f"the database refuses: {_first_line(fault)}"
    if isinstance(fault, ConnectionError | socket.gaierror | TimeoutError):
        return f"the database cannot be reached: {_first_line(fault)}"
    return None


def reason_of(fault: BaseException) -> str:
    """One line about the fault that ended a start or a process, for its log."""
    if isinstance(fault, PublicError) and fault.reason:
        return fault.reason
    return explain(fault) or f"{type(fault).__name__}: {_first_line(fault)}"


def is_damage(fault: BaseException) -> bool:
    """Whether a SQLite file is damaged or no database, rather than busy or unreadable."""
    cause = fault.orig if isinstance(fault, DBAPIError) else fault
    # Extended codes carry the primary one in their low byte.
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _first_line(fault: BaseException) -> str:
    # SQLAlchemy's adapter puts the driver's class in front: <class 'asyncpg.exceptions.…'>: text.
    text = str(fault).partition("\n")[0].strip()
    if text.startswith("<class "):
        text = text.partition(">: ")[2]
    return text or type(fault).__name__
