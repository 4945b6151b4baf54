"""Adds, lists and removes the keys and trusted workloads of a client, for Owners and Admins.

To add one permits its method. To remove one begins the client's next epoch: what its tokens may do ends at once, and
the client gets new ones by a credential that it still has.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.jwk import thumbprint
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, InvalidRequest, NotFound, PublicError
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.authorization.write_as import write_as, write_once_by_id
from linkxg.identity.client_assertions import store
from linkxg.identity.client_assertions.model import (
    JWKS_URI,
    KEY,
    MAX_KEYS,
    MAX_NAME,
    MAX_TRUSTS,
    WORKLOAD,
    Credential,
    JwksUri,
    Trust,
    jwk_of,
)
from linkxg.identity.client_assertions.notices import mail_credential_added, mail_credential_removed
from linkxg.identity.client_assertions.published_keys import read_published_keys
from linkxg.identity.clients.authentication_methods import format_methods
from linkxg.identity.clients.check_methods import METHOD_OF_KIND, check_removal
from linkxg.identity.clients.store import find_account_client, update_client
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.tokens.revoke import invalidate_client
from linkxg.ids import uuid7

ADDED = {KEY: "client.key_added", JWKS_URI: "client.key_added", WORKLOAD: "client.trust_added"}
REMOVED = {KEY: "client.key_removed", JWKS_URI: "client.key_removed", WORKLOAD: "client.trust_removed"}
KEY_KINDS, TRUST_KINDS = frozenset((KEY, JWKS_URI)), frozenset((WORKLOAD,))
CredentialDocument = dict[str, str] | JwksUri | Trust


async def add_credential(
    database: Database,
    notices: SecurityNotices,
    provider_client: ProviderClient,
    actor: Actor,
    account_id: str,
    client_id: str,
    *,
    name: str,
    document: CredentialDocument,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Credential]:
    """`document` is a checked JWK, JwksUri or Trust. Raises NotFound, InvalidRequest or Conflict.

    What is published elsewhere is read first, and refused if it answers with something else than keys.
    """
    kind = KEY if isinstance(document, dict) else JWKS_URI if isinstance(document, JwksUri) else WORKLOAD
    if not 0 < len(name.strip()) <= MAX_NAME:
        raise InvalidRequest(f"The field name must have 1 to {MAX_NAME} characters.")
    text = msgspec.json.encode(document).decode()
    route = f"POST /oauth/clients/{client_id}/{'trusts' if kind == WORKLOAD else 'keys'}"
    request = Request(account_id, route, idempotency_key, [actor.id, name, text])
    published = await read_published_keys(provider_client, account_id, document)

    def make(conn: Connection) -> Credential | PublicError:
        client = find_account_client(conn, account_id, client_id, lock=True)
        if client is None:
            return NotFound()
        known = store.list_credentials(conn, account_id, client_id)
        if (conflict := _conflict(known, kind, document)) is not None:
            return conflict
        if published.refusal is not None:
            return published.refusal
        now, credential_id = now_ms(), uuid7()
        store.insert_credential(
            conn, account_id, client_id, id=credential_id, kind=kind, name=name.strip(), document=text, created_at=now,
            created_by=actor.id or "-", read_at=published.read_at, read_fault=published.fault,
        )  # fmt: skip
        methods = client.methods | {METHOD_OF_KIND[kind]}
        if methods != client.methods:
            update_client(conn, account_id, client_id, methods=methods)
        invalidate_client(conn, account_id, client_id, client.epoch)
        details = {"credential_id": credential_id, "name": name.strip(), **_audited(document)}
        if methods != client.methods:
            details["methods"] = format_methods(methods)
        audit.record(conn, account_id, actor, ADDED[kind], client_id, details)
        found = store.find_credential(conn, account_id, client_id, credential_id)
        assert found is not None
        return found

    def find(conn: Connection, credential_id: str) -> Credential | PublicError:
        found = store.find_credential(conn, account_id, client_id, credential_id)
        return found or Conflict("This request was already answered, but what it added has since been removed.")

    added = await write_once_by_id(database, actor, request, make, find)
    if not added.replayed:
        mail_credential_added(notices, actor, account_id, client_id, added.value)
    return added


async def list_credentials(
    database: Database, account_id: str, client_id: str, kinds: frozenset[str]
) -> list[Credential]:
    """Those of these kinds, oldest first. Raises NotFound."""

    def unit(conn: Connection) -> list[Credential] | None:
        if find_account_client(conn, account_id, client_id) is None:
            return None
        return store.list_credentials(conn, account_id, client_id)

    found = await database.read(unit)
    if found is None:
        raise NotFound
    return [credential for credential in found if credential.kind in kinds]


async def remove_credential(
    database: Database,
    notices: SecurityNotices,
    actor: Actor,
    account_id: str,
    client_id: str,
    credential_id: str,
    kinds: frozenset[str],
) -> None:
    """Remove it, and revoke the live tokens of the client.

    Raises NotFound, or Conflict for the last one of a client that could get no token without it.
    """

    def unit(conn: Connection) -> Credential | PublicError:
        client = find_account_client(conn, account_id, client_id, lock=True)
        found = store.find_credential(conn, account_id, client_id, credential_id)
        if client is None or found is None or found.kind not in kinds:
            return NotFound()
        if (error := check_removal(conn, client, credential_id)) is not None:
            return error
        store.delete_credential(conn, account_id, credential_id)
        update_client(conn, account_id, client_id, epoch=client.epoch + 1)
        invalidate_client(conn, account_id, client_id, client.epoch + 1)
        details = {"credential_id": credential_id, "name": found.name}
        audit.record(conn, account_id, actor, REMOVED[found.kind], client_id, details)
        return found

    removed = value_or_raise(await write_as(database, actor, unit))
    mail_credential_removed(notices, actor, account_id, client_id, removed)


def _conflict(known: list[Credential], kind: str, document: CredentialDocument) -> Conflict | None:
    same = [one for one in known if one.kind == kind]
    if kind == WORKLOAD:
        if len(same) >= MAX_TRUSTS:
            return Conflict(f"A client trusts at most {MAX_TRUSTS} workloads. Remove one first.")
        text = msgspec.json.encode(document).decode()
        return (
            Conflict("The client trusts this workload already.") if any(one.document == text for one in same) else None
        )
    if any(one.kind in KEY_KINDS - {kind} for one in known):
        return Conflict("A client has keys or a JWKS URI, not both. Remove the other first.")
    if len(same) >= (MAX_KEYS if kind == KEY else 1):
        return Conflict(
            f"A client has at most {MAX_KEYS} keys. Remove one first."
            if kind == KEY
            else "A client has one JWKS URI. Remove it first."
        )
    if isinstance(document, dict):
        keys = [jwk_of(one) for one in same]
        if any(key["kid"] == document["kid"] or thumbprint(key) == thumbprint(document) for key in keys):
            return Conflict("The client has a key with this kid, or this key, already.")
    return None


def _audited(document: CredentialDocument) -> dict[str, Any]:
    """What the audit trail says of it: of a key its name and thumbprint."""
    if isinstance(document, dict):
        return {"kid": document["kid"], "thumbprint": thumbprint(document)}
    return msgspec.structs.asdict(document)
