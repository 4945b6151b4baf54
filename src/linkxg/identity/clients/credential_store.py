"""The SQL that finds by what a client can authenticate besides its secrets and certificates."""

from sqlalchemy import BigInteger, Connection, String, column, or_, select, table

# Only the columns needed here: the table is defined in a package that depends on this one.
assertion_credentials = table(
    "client_assertion_credentials",
    column("account_id", String),
    column("client_id", String),
    column("id", String),
    column("kind", String),
    column("read_at", BigInteger),
    column("last_used_at", BigInteger),
)


def list_assertion_kinds(conn: Connection, account_id: str, client_id: str) -> dict[str, tuple[str, bool]]:
    """Of each of its keys, JWKS URIs and trusted workloads by id: its kind, and whether its keys are known.

    Those that are published elsewhere are known once they were read.
    """
    known = assertion_credentials.c
    is_known = or_(known.kind == "key", known.read_at.is_not(None), known.last_used_at.is_not(None)).label("is_known")
    query = select(known.id, known.kind, is_known).where(known.account_id == account_id, known.client_id == client_id)
    return {row.id: (row.kind, bool(row.is_known)) for row in conn.execute(query)}
