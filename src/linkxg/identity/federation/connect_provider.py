"""Connects an account to its OpenID provider, changes and ends the connection. Owners only.

A provider is asked for its metadata and keys, and whether it knows the client, before anything is stored: with no
transaction open.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.crypto.seal import seal, unseal
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import fault
from linkxg.identity.accounts.roles import EVERYONE, Role
from linkxg.identity.accounts.store import find_user
from linkxg.identity.authorization.write_as import require_authorised, revoke_as
from linkxg.identity.federation import store
from linkxg.identity.federation.discovery import check_issuer
from linkxg.identity.federation.model import (
    MAX_BREAK_GLASS,
    MAX_CLAIM,
    MAX_CLIENT_ID,
    MAX_CLIENT_SECRET,
    MAX_MAPPED,
    IdentityProvider,
    IdentityProviderView,
    backchannel_logout_uri,
    redirect_uri,
)
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.providers import Providers
from linkxg.identity.federation.token_request import check_client

CONNECTS = Budget("identity-provider", 60, 3_600)
_PURPOSE = "identity provider secret "
AfterChange = Callable[[Connection, Actor, IdentityProvider | None, IdentityProvider | None], None]
"""Called in the transaction of a change, with the provider before and after: ends the sessions no longer allowed."""


class WantedProvider(NamedTuple):
    """What an Owner enters; `client_secret` None keeps the stored one."""

    issuer: str
    client_id: str
    client_secret: str | None
    default_role: Role | None
    role_claim: str | None
    role_mapping: dict[str, Role]
    owners_by_claim: bool
    sso_only: bool
    break_glass_owner_ids: list[str]


class ConnectedProvider(NamedTuple):
    """The provider after a change, and before: None if there was none."""

    view: IdentityProviderView
    before: IdentityProviderView | None
    secret_changed: bool


@dataclass(frozen=True, slots=True)
class ProviderConnections:
    """What the verbs of this package need."""

    database: Database
    providers: Providers
    server_key: bytes = field(repr=False)
    public_url: str
    after_change: AfterChange


async def read_provider(services: ProviderConnections, account_id: str) -> IdentityProviderView | None:
    """None if the account has connected none."""

    def unit(conn: Connection) -> IdentityProviderView | None:
        provider = store.find_provider(conn, account_id)
        return None if provider is None else _view(conn, services.public_url, provider)

    return await services.database.read(unit)


async def connect_provider(
    services: ProviderConnections, actor: Actor, account_id: str, wanted: WantedProvider
) -> ConnectedProvider:
    """Connect, or change the connection. Raises ValidationFailed for invalid values, or a provider that is unusable."""
    await require_authorised(services.database, actor)
    known = await services.database.read_single(store.find_provider, account_id)
    if faults := _faults(wanted, known):
        raise ValidationFailed(details=faults)
    is_same = known is not None and _is_same_client(known, wanted)
    secret = wanted.client_secret
    if secret is None and known is not None:
        secret = read_secret(services.server_key, known)
    if secret is None:
        raise ValidationFailed(details=[fault("clientSecret", _UNREADABLE, "required")])
    if not is_same or wanted.client_secret is not None:
        await _test(services, account_id, wanted, secret)
    sealed = seal(services.server_key, _purpose(account_id), secret.encode())

    def unit(conn: Connection) -> ConnectedProvider | PublicError:
        before, now = store.find_provider(conn, account_id), now_ms()
        if before != known:
            return ValidationFailed(details=[fault("issuer", "Somebody else has changed it meanwhile.", "changed")])
        if found := _break_glass_fault(conn, account_id, wanted):
            return ValidationFailed(details=[found])
        was = None if before is None else _view(conn, services.public_url, before)
        values = wanted._asdict() | {"sealed_secret": sealed, "updated_at": now}
        del values["client_secret"], values["break_glass_owner_ids"]
        if before is None:
            store.insert_provider(conn, account_id, values | {"created_at": now})
        else:
            store.update_provider(conn, account_id, values)
        store.replace_break_glass_owners(conn, account_id, sorted(set(wanted.break_glass_owner_ids)))
        after = store.find_provider(conn, account_id)
        services.after_change(conn, actor, before, after)
        action = "identity_provider.connected" if before is None else "identity_provider.changed"
        audit.record(conn, account_id, actor, action, account_id, _audited(wanted, before))
        if after is None:
            return NotFound()
        return ConnectedProvider(_view(conn, services.public_url, after), was, wanted.client_secret is not None)

    connected = value_or_raise(await revoke_as(services.database, actor, account_id, unit))
    if wanted.sso_only:
        # A sign-in that began before looks again once its session is there; what was there by then ends here.
        after = await services.database.read_single(store.find_provider, account_id)
        await services.database.write(services.after_change, actor, None, after)
    return connected


async def disconnect_provider(services: ProviderConnections, actor: Actor, account_id: str) -> None:
    """End the connection: people sign in with a password again. Raises NotFound if there is none."""

    def unit(conn: Connection) -> bool:
        provider = store.find_provider(conn, account_id)
        if provider is None:
            return False
        store.delete_provider(conn, account_id)
        services.after_change(conn, actor, provider, None)
        details = {"issuer": provider.issuer}
        audit.record(conn, account_id, actor, "identity_provider.disconnected", account_id, details)
        return True

    if not await revoke_as(services.database, actor, account_id, unit):
        raise NotFound


async def check_connection(services: ProviderConnections, actor: Actor, account_id: str) -> str | None:
    """Ask the connected provider again; what is wrong, None if nothing is. Raises NotFound if there is none."""
    await require_authorised(services.database, actor)
    provider = await services.database.read_single(store.find_provider, account_id)
    if provider is None:
        raise NotFound
    secret = read_secret(services.server_key, provider)
    if secret is None:
        return _UNREADABLE
    try:
        await _ask(services, account_id, provider.issuer, provider.client_id, secret)
    except ProviderFault as fault:
        return fault.message
    return None


def read_secret(server_key: bytes, provider: IdentityProvider) -> str | None:
    """The client secret; None if the server key has been replaced since, by a restore or a lost key file."""
    content = unseal(server_key, _purpose(provider.account_id), provider.sealed_secret)
    return None if content is None else content.decode()


_NO_SECRET = "Enter the client secret."  # noqa: S105  a message
_OTHER_CLIENT = "Enter the client secret: the stored one is that of another issuer or client id."
_UNREADABLE = "Enter the client secret again: the stored one can no longer be read."
_NOT_OWNER = "Only enabled Owners of this account with a password can be chosen."


def _purpose(account_id: str) -> bytes:
    return (_PURPOSE + account_id).encode()


async def _test(services: ProviderConnections, account_id: str, wanted: WantedProvider, secret: str) -> None:
    try:
        await _ask(services, account_id, wanted.issuer, wanted.client_id, secret)
    except ProviderFault as error:
        raise ValidationFailed(details=[fault("issuer", error.message, "provider")]) from None


async def _ask(services: ProviderConnections, account_id: str, issuer: str, client_id: str, secret: str) -> None:
    providers = services.providers
    metadata = await providers.metadata(account_id, issuer, bypass_cache=True)
    await providers.fetch_keys(account_id, metadata)
    await check_client(
        providers.client,
        account_id,
        metadata,
        client_id=client_id,
        client_secret=secret,
        redirect_uri=redirect_uri(services.public_url, account_id),
    )


def _faults(wanted: WantedProvider, known: IdentityProvider | None) -> list[dict[str, str]]:
    found = []
    try:
        check_issuer(wanted.issuer)
    except ProviderFault as error:
        found.append(fault("issuer", error.message))
    if not _is_text(wanted.client_id, MAX_CLIENT_ID):
        found.append(fault("clientId", "A client id has 1 to 255 printable characters."))
    if wanted.client_secret is not None and not _is_text(wanted.client_secret, MAX_CLIENT_SECRET):
        found.append(fault("clientSecret", "A client secret has 1 to 1024 printable characters."))
    if wanted.client_secret is None and (known is None or not _is_same_client(known, wanted)):
        # The stored one is that of the other client only.
        found.append(fault("clientSecret", _NO_SECRET if known is None else _OTHER_CLIENT, "required"))
    if wanted.default_role == "OWNER":
        found.append(fault("defaultRole", "Not everybody can be an Owner."))
    if wanted.role_claim is not None and not _is_text(wanted.role_claim, MAX_CLAIM):
        found.append(fault("roleClaim", "The name of a claim has 1 to 200 printable characters."))
    if wanted.role_claim is None and wanted.role_mapping:
        found.append(fault("roleClaim", "Name the claim whose values are mapped.", "required"))
    if len(wanted.role_mapping) > MAX_MAPPED or not all(_is_text(one, MAX_CLAIM) for one in wanted.role_mapping):
        found.append(fault("roleMapping", "At most 50 values of 1 to 200 characters can be mapped."))
    elif not wanted.owners_by_claim and "OWNER" in wanted.role_mapping.values():
        found.append(fault("roleMapping", "Claims make nobody an Owner unless ownersByClaim is true.", "owner"))
    if len(wanted.break_glass_owner_ids) > MAX_BREAK_GLASS:
        found.append(fault("breakGlassOwnerIds", "At most 10 Owners can be chosen."))
    elif wanted.sso_only and not wanted.break_glass_owner_ids:
        message = "Choose an Owner who keeps their password: if the provider fails, nobody else can sign in."
        found.append(fault("breakGlassOwnerIds", message, "required"))
    return found


def _is_same_client(known: IdentityProvider, wanted: WantedProvider) -> bool:
    return (known.issuer, known.client_id) == (wanted.issuer, wanted.client_id)


def _break_glass_fault(conn: Connection, account_id: str, wanted: WantedProvider) -> dict[str, str] | None:
    for user_id in wanted.break_glass_owner_ids:
        user = find_user(conn, account_id, user_id)
        if user is None or user.role != "OWNER" or user.disabled or not user.password_hash:
            return fault("breakGlassOwnerIds", _NOT_OWNER)
    return None


def _is_text(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isprintable() and text == text.strip()


def _audited(wanted: WantedProvider, before: IdentityProvider | None) -> dict[str, Any]:
    """Everything but the secret, of which it is only said whether it is another one."""
    details = wanted._asdict() | {"secret_changed": before is not None and wanted.client_secret is not None}
    del details["client_secret"]
    return details


def _view(conn: Connection, public_url: str, provider: IdentityProvider) -> IdentityProviderView:
    return IdentityProviderView(
        issuer=provider.issuer,
        client_id=provider.client_id,
        default_role=provider.default_role,
        role_claim=provider.role_claim,
        role_mapping={value: role for value, role in provider.role_mapping.items() if role in EVERYONE},
        owners_by_claim=provider.owners_by_claim,
        sso_only=provider.sso_only,
        break_glass_owner_ids=store.list_break_glass_owners(conn, provider.account_id),
        redirect_uri=redirect_uri(public_url, provider.account_id),
        backchannel_logout_uri=backchannel_logout_uri(public_url, provider.account_id),
        created_at=rfc3339(provider.created_at),
        updated_at=rfc3339(provider.updated_at),
    )
