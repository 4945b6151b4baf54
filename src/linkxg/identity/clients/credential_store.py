"""The SQL that finds by what a client can authenticate besides its secrets and certificates."""

from sqlalchemy import Connection, String, column, select, table

# Only the columns needed here: the table is defined in a package that depends on this one.
assertion_credentials = table(
    "client_assertion_credentials",
    column("account_id", String),
    column("client_id", String),
    column("id", String),
    column("kind", String),
)


def list_assertion_kinds(conn: Connection, account_id: str, client_id: str) -> dict[str, str]:
    """The kind of each of its keys, JWKS URIs and trusted workloads, by id."""
    known = assertion_credentials.c
    query = select(known.id, known.kind).where(known.account_id == account_id, known.client_id == client_id)
    return {row.id: row.kind for row in conn.execute(query)}
