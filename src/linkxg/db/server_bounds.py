"""How long the PostgreSQL server lets a statement, a lock and an idle transaction of a node wait, in milliseconds."""

from sqlalchemy import Connection, text

SERVER_BOUNDS = {
    "statement_timeout": "4000",
    "lock_timeout": "3000",
    # Well below the lock timeout: a caller who waits for the lock of a node that is cut off or frozen outlasts it.
    "idle_in_transaction_session_timeout": "1000",
    "default_transaction_isolation": "read committed",
    # It compiles statements whose cost is overestimated, for longer than any of them takes.
    "jit": "off",
}


def lift_bounds(conn: Connection) -> None:
    """Override timeouts of the role or database for administration, in this transaction."""
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        conn.execute(text(f"set local {name} = 0"))
