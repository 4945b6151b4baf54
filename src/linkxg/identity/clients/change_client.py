"""Changes and deletes clients.

A change that reduces permissions begins the client's next epoch, which revokes its live tokens.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.invalidation_feed import GONE
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, InvalidRequest, NotFound, PublicError
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.authorization.write_as import write_as
from linkxg.identity.clients import store
from linkxg.identity.clients.authentication_methods import BY_SECRET, format_methods
from linkxg.identity.clients.check_methods import check_change, read_methods
from linkxg.identity.clients.model import Client, ClientView, Secret
from linkxg.identity.clients.notify_owners import mail_client_changed
from linkxg.identity.clients.read_client import client_view
from linkxg.identity.clients.register_client import canonical_cidrs, check_name, grantable_scopes
from linkxg.identity.tokens.revoke import invalidate_client
from linkxg.identity.tokens.scopes import format_scope


class ClientChange(NamedTuple):
    """What to set; None leaves a field as it is."""

    name: str | None = None
    scope: str | None = None
    disabled: bool | None = None
    allowed_cidrs: list[str] | None = None
    self_rotation: bool | None = None
    methods: Sequence[str] | None = None
    dpop_bound: bool | None = None
    certificate_bound: bool | None = None
    revoke_secrets: bool = False
    """Of a client whose methods use none from now on; otherwise they work again when such a method is allowed again."""


class _Changed(NamedTuple):
    """`values` are those that were not the same before."""

    client: Client
    values: dict[str, Any]
    allowed_again: tuple[Secret, ...] = ()
    """The live secrets that a change of the methods makes usable again."""


async def change_client(
    database: Database,
    notices: SecurityNotices,
    actor: Actor,
    account_id: str,
    client_id: str,
    change: ClientChange,
    *,
    expected: Client | None = None,
) -> ClientView:
    """Change it, and mail the Owners what that changes about its authentication.

    Raises NotFound, InvalidRequest, or InvalidScope for scopes beyond the actor's role.
    Also Conflict if a field to be changed no longer has its value in `expected`, the client as shown in the form.
    """
    values: dict[str, Any] = {}
    if change.name is not None:
        check_name(change.name)
        values["name"] = change.name
    if change.scope is not None:
        values["scopes"] = grantable_scopes(actor.role, change.scope)
    if change.disabled is not None:
        values["disabled"] = change.disabled
    if change.allowed_cidrs is not None:
        values["cidrs"] = tuple(canonical_cidrs(change.allowed_cidrs))
    if change.self_rotation is not None:
        values["self_rotation"] = change.self_rotation
    if change.methods is not None:
        values["methods"] = read_methods(change.methods)
    if change.dpop_bound is not None:
        values["dpop_bound"] = change.dpop_bound
    if change.certificate_bound is not None:
        values["certificate_bound"] = change.certificate_bound

    def unit(conn: Connection) -> _Changed | PublicError | None:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        if client is None:
            return None
        if client.resource is not None and values.get("scopes"):
            return InvalidRequest("A resource server has no scopes.")
        if expected is not None and any(getattr(client, name) != getattr(expected, name) for name in values):
            return Conflict("Somebody else has changed the client in the meantime.")
        changed = {name: value for name, value in values.items() if getattr(client, name) != value}
        ended = _secrets_to_end(client, changed) if change.revoke_secrets else []
        if isinstance(ended, InvalidRequest):
            return ended
        if not changed and not ended:
            return _Changed(client, changed)
        if (error := check_change(conn, client, changed)) is not None:
            return error
        epoch = client.epoch + _reduces_permissions(client, changed)
        store.update_client(conn, account_id, client_id, epoch=epoch, **changed)
        invalidate_client(conn, account_id, client_id, epoch)
        for secret in ended:
            store.update_secret(conn, account_id, secret.id, revoked_at=now_ms())
            audit.record(conn, account_id, actor, "client.secret_removed", client_id, {"secret_id": secret.id})
        if "disabled" in changed:
            action = "client.disabled" if changed["disabled"] else "client.enabled"
            audit.record(conn, account_id, actor, action, client_id)
        details = {name: _to_json(name, value) for name, value in changed.items() if name != "disabled"}
        if details:
            audit.record(conn, account_id, actor, "client.updated", client_id, details)
        found = store.find_account_client(conn, account_id, client_id)
        assert found is not None
        return _Changed(found, changed, _allowed_again(client, found))

    outcome = value_or_raise(await write_as(database, actor, unit))
    if outcome is None:
        raise NotFound
    hints = [secret.hint for secret in outcome.allowed_again]
    mail_client_changed(notices, actor, account_id, client_id, outcome.values, hints)
    return client_view(outcome.client, now_ms())


async def delete_client(database: Database, actor: Actor, account_id: str, client_id: str) -> None:
    """Delete the client and its secrets, and revoke its tokens. Raises NotFound."""

    def unit(conn: Connection) -> bool:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        if client is None:
            return False
        store.delete_client(conn, account_id, client_id)
        invalidate_client(conn, account_id, client_id, GONE)
        audit.record(conn, account_id, actor, "client.deleted", client_id, {"client_name": client.name})
        return True

    if not await write_as(database, actor, unit):
        raise NotFound


def _reduces_permissions(client: Client, changed: dict[str, Any]) -> bool:
    return bool(
        client.scopes - changed.get("scopes", client.scopes)
        or client.methods - changed.get("methods", client.methods)
        or changed.get("disabled", False)
        or changed.get("cidrs")
        # Tokens that were issued without the new condition.
        or changed.get("dpop_bound", False)
        or changed.get("certificate_bound", False)
    )


def _secrets_to_end(client: Client, changed: dict[str, Any]) -> list[Secret] | InvalidRequest:
    if changed.get("methods", client.methods) & BY_SECRET:
        return InvalidRequest(
            "The field revoke_secrets must come with methods that use no secret; a secret that is used is rotated."
        )
    return client.live_secrets(now_ms())


def _allowed_again(before: Client, after: Client) -> tuple[Secret, ...]:
    is_allowed_again = after.methods & BY_SECRET and not before.methods & BY_SECRET
    return tuple(after.live_secrets(now_ms())) if is_allowed_again else ()


def _to_json(name: str, value: Any) -> Any:
    if isinstance(value, frozenset):
        return format_methods(value) if name == "methods" else format_scope(value)
    return list(value) if isinstance(value, tuple) else value
