"""Names passkeys, so that their person can tell them apart."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import NotFound, ValidationFailed
from linkxg.identity.accounts.names import canonical_name, rule
from linkxg.identity.authorization.write_as import write_as
from linkxg.identity.passkeys import store
from linkxg.identity.passkeys.model import MAX_NAME, Passkey

_RULE = rule(MAX_NAME)


def check_name(name: str) -> str:
    """The name as stored. Raises ValidationFailed."""
    checked = canonical_name(name, MAX_NAME)
    if checked is None:
        raise ValidationFailed(_RULE, details=[{"field": "name", "code": "invalid", "message": _RULE}])
    return checked


async def rename_passkey(
    database: Database, actor: Actor, account_id: str, user_id: str, passkey_id: str, name: str
) -> Passkey:
    """Raises ValidationFailed, or NotFound."""
    checked = check_name(name)

    def unit(conn: Connection) -> Passkey | None:
        found = store.find_passkey(conn, account_id, user_id, passkey_id)
        if found is None or found.name == checked:
            return found
        store.rename_passkey(conn, account_id, user_id, passkey_id, checked)
        audit.record(conn, account_id, actor, "factor.renamed", user_id, {"factor": passkey_id})
        return found._replace(name=checked)

    renamed = await write_as(database, actor, unit)
    if renamed is None:
        raise NotFound
    return renamed
