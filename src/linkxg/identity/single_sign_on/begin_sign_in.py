"""Sends a browser to the identity provider: OpenID Connect Core 1.0, section 3.1.2.1, with PKCE (RFC 7636).

`state` is random and works once, within ten minutes, in the browser that began (RFC 9700, section 4.7). Nonce and code
verifier are derived from it with the server key: the database holds only its digest.
"""

import hashlib
import os
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection

from linkxg.clock import MINUTE, now_ms
from linkxg.crypto.jwt import b64url
from linkxg.crypto.secrets import derive, digest
from linkxg.db import Database
from linkxg.errors import InvalidRequest
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.federation.model import IdentityProvider, domain_of, redirect_uri
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.providers import Providers
from linkxg.identity.federation.store import find_provider, find_provider_of_domain
from linkxg.identity.sessions.places import place_of
from linkxg.identity.single_sign_on import store
from linkxg.identity.single_sign_on.refusals import provider_failed
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused

LIFETIME_MS = 10 * MINUTE
MAX_PENDING, MAX_PENDING_OF_NETWORK = 5_000, 1_000
"""Sign-ins in progress of an account, and of those begun in one network (/24, or /48 of IPv6); the oldest go.

So no network makes the people of an account who come from others begin again."""
MAX_FORM_KEPT_FOR_SSO, MAX_CARRIED_FORMS = 64 * 1024, 3
"""Characters of a form that is kept meanwhile, and how many a person can have."""
SCOPE = "openid email profile"


@dataclass(frozen=True, slots=True)
class SingleSignOnServices:
    database: Database
    providers: Providers
    server_key: bytes = field(repr=False)
    public_url: str
    notices: SecurityNotices


class KeptForm(NamedTuple):
    """A form that goes on after the sign-in, sealed by whoever opens it again; it holds no secret."""

    sealed: str
    user_id: str


class AuthorizationRequest(NamedTuple):
    """Where the browser goes, and the issuer that the person is told."""

    url: str
    issuer: str


async def find_provider_by_email(database: Database, email: str) -> IdentityProvider | None:
    """The provider of the account that has verified the domain of this address.

    Only the domain is looked up, which is public knowledge: whether the person exists is not.
    """
    try:
        domain = domain_of(email_key(email))
    except InvalidRequest:
        return None
    return await database.read_single(find_provider_of_domain, domain)


async def find_provider_by_account(database: Database, account_id: str) -> IdentityProvider | None:
    """The provider of an account, for a person who signs in again."""
    return await database.read_single(find_provider, account_id)


async def begin_sign_in(
    services: SingleSignOnServices,
    provider: IdentityProvider,
    *,
    browser: str,
    source: str,
    target: str,
    email: str,
    reauthenticates: bool = False,
    form: KeptForm | None = None,
) -> AuthorizationRequest:
    """`browser` is the value of its cookie, `source` its address, `target` the path to go to afterwards.

    With `reauthenticates` the provider is to ask the person again, whatever session they have there. Raises
    SignInRefused or TemporarilyUnavailable.
    """
    try:
        metadata = await services.providers.metadata(provider.account_id, provider.issuer)
    except ProviderFault as fault:
        raise SignInRefused(provider_failed(fault)) from None
    state = b64url(os.urandom(32)).decode()
    pending = {
        "digest": digest(state),
        "browser_digest": digest(browser),
        "issuer": provider.issuer,
        "target": target,
        "reauthenticates": reauthenticates,
        "network": place_of(source, "").network or "-",
        "carried": form.sealed if form else None,
        "carried_by": form.user_id if form else None,
        "expires_at": now_ms() + LIFETIME_MS,
    }

    def unit(conn: Connection) -> None:
        store.insert_sign_in(
            conn, provider.account_id, pending, most=MAX_PENDING, most_of_network=MAX_PENDING_OF_NETWORK
        )
        if form is not None:
            store.forget_carried_forms(
                conn, provider.account_id, form.user_id, kept=MAX_CARRIED_FORMS, most=MAX_PENDING
            )

    await services.database.write(unit)
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri(services.public_url, provider.account_id),
        "scope": SCOPE,
        "state": state,
        "nonce": nonce_of(services.server_key, state),
        "code_challenge": b64url(hashlib.sha256(verifier_of(services.server_key, state).encode()).digest()).decode(),
        "code_challenge_method": "S256",
        "login_hint": email,
    }
    if reauthenticates:
        query |= {"prompt": "login", "max_age": "0"}
    endpoint = metadata.authorization_endpoint
    return AuthorizationRequest(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", provider.issuer)


def linking_browser(browser: str, session_id: str) -> str:
    """In place of `browser` for who connects the provider to their own session: no other completes it."""
    return f"{browser}\nconnects to {session_id}"


def nonce_of(server_key: bytes, state: str) -> str:
    return derive(server_key, "sign-in nonce", state).hex()


def verifier_of(server_key: bytes, state: str) -> str:
    return derive(server_key, "sign-in code verifier", state).hex()
