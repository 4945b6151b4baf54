"""Records that a secret was tested in the console, separately from its use."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.secrets import constant_time_equal, digest
from linkxg.db import Database
from linkxg.identity.authorization.write_as import write_as
from linkxg.identity.clients import store


async def record_secret_test(database: Database, actor: Actor, account_id: str, client_id: str, secret: str) -> None:
    """Does nothing for a secret that the client does not have. Raises InvalidToken."""
    presented = digest(secret)

    def unit(conn: Connection) -> None:
        client = store.find_account_client(conn, account_id, client_id)
        for known in client.secrets if client else ():
            if constant_time_equal(known.digest, presented):
                store.update_secret(conn, account_id, known.id, tested_at=now_ms())

    await write_as(database, actor, unit)
