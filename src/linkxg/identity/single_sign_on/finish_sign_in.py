"""Completes a sign-in when the browser comes back: OpenID Connect Core 1.0, section 3.1.2.5 to 3.1.3.7."""

import re
from typing import NamedTuple

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, now_s
from linkxg.crypto.secrets import digest
from linkxg.errors import Conflict, InvalidCredentials, PublicError
from linkxg.identity.accounts.account_notices import mail_person_added, mail_role_raised
from linkxg.identity.accounts.manage_user import change_user
from linkxg.identity.accounts.model import User
from linkxg.identity.accounts.store import find_user
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.federation.connect_provider import read_secret
from linkxg.identity.federation.id_token import LEEWAY_S, UNKNOWN, IdToken, check_id_token
from linkxg.identity.federation.model import IdentityProvider, redirect_uri
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.store import find_provider
from linkxg.identity.federation.token_request import exchange_code, read_userinfo
from linkxg.identity.sessions.console_session import OpenedSession, open_console_session
from linkxg.identity.sessions.login import Authentication
from linkxg.identity.single_sign_on import store
from linkxg.identity.single_sign_on.admit_person import Admitted, admit_person
from linkxg.identity.single_sign_on.begin_sign_in import (
    LIFETIME_MS,
    SingleSignOnServices,
    linking_browser,
    nonce_of,
    verifier_of,
)
from linkxg.identity.single_sign_on.end_federated_sessions import end_if_provider_changed
from linkxg.identity.single_sign_on.link_person import link_in_session, mail_identity_linked
from linkxg.identity.single_sign_on.refusals import (
    ANOTHER_PROVIDER,
    BY_ERROR,
    CHANGED,
    NOT_IN_PROGRESS,
    REFUSED_THERE,
    SECRET_LOST,
    SIGNED_OUT,
    provider_failed,
)
from linkxg.identity.single_sign_on.sign_in_refused import SignInRefused
from linkxg.ids import uuid7

MAX_CODE = 4_096
_STATE = re.compile(r"[A-Za-z0-9_-]{43}")


class AuthorizationResponse(NamedTuple):
    """The query of the redirect; empty where there is no parameter."""

    state: str
    code: str
    issuer: str
    error: str


class SignedOn(NamedTuple):
    """The session, and the path to go to; no session if the provider was connected to that of the person.

    `carried` is the form that goes on, `is_new` says whether the person comes by the provider for the first time.
    """

    opened: OpenedSession | None
    target: str
    carried: str = ""
    is_new: bool = False


async def finish_sign_in(
    services: SingleSignOnServices,
    actor: Actor,
    *,
    account_id: str,
    browser: str,
    response: AuthorizationResponse,
    user_agent: str,
    person: Actor | None = None,
) -> SignedOn:
    """`person` is who is signed in in this browser. Raises SignInRefused, InvalidToken or TemporarilyUnavailable."""
    provider, pending, linking = await _take(services, account_id, browser, person, response)
    try:
        return await _finish(services, actor, provider, pending, linking, response, user_agent)
    except SignInRefused as refused:
        refused.carried = pending.carried or ""
        raise


async def _finish(
    services: SingleSignOnServices,
    actor: Actor,
    provider: IdentityProvider,
    pending: store.PendingSignIn,
    linking: Actor | None,
    response: AuthorizationResponse,
    user_agent: str,
) -> SignedOn:
    account_id = provider.account_id
    try:
        token = await _authenticate(services, provider, pending, response)
    except ProviderFault as fault:
        raise SignInRefused(provider_failed(fault)) from None
    if linking is not None:
        linked = await revoke_as(services.database, linking, account_id, link_in_session, linking, provider, token)
        if isinstance(linked, SignInRefused):
            raise linked
        mail_identity_linked(services.notices, linking, linked, token.issuer)
        return SignedOn(None, pending.target)
    admitted = await services.database.write(admit_person, actor, provider, token)
    if isinstance(admitted, SignInRefused):
        raise admitted
    user = await _with_role(services, actor, provider, admitted)
    opened = await _open(services, actor, provider, token, user, user_agent)
    if admitted.how == "linked":
        mail_identity_linked(services.notices, actor, user, token.issuer)
    return SignedOn(opened, pending.target, pending.carried or "", admitted.how is not None)


async def _take(
    services: SingleSignOnServices, account_id: str, browser: str, person: Actor | None, response: AuthorizationResponse
) -> tuple[IdentityProvider, store.PendingSignIn, Actor | None]:
    """The provider and the sign-in in progress, which nobody can complete again.

    And the person, if it was begun in their session in order to be linked to them.
    """
    if not _STATE.fullmatch(response.state) or not browser:
        raise SignInRefused(NOT_IN_PROGRESS)
    pending = await services.database.write(
        store.take_sign_in, account_id, digest(response.state), digest(browser), now_ms()
    )
    linking = None
    if pending is None and person is not None and person.account_id == account_id:
        linking, bound = person, digest(linking_browser(browser, person.session_id or ""))
        pending = await services.database.write(store.take_sign_in, account_id, digest(response.state), bound, now_ms())
    if pending is None:
        raise SignInRefused(NOT_IN_PROGRESS)
    provider = await services.database.read_single(find_provider, account_id)
    if provider is None or provider.issuer != pending.issuer:
        raise SignInRefused(CHANGED)
    return provider, pending, linking


async def _authenticate(
    services: SingleSignOnServices,
    provider: IdentityProvider,
    pending: store.PendingSignIn,
    response: AuthorizationResponse,
) -> IdToken:
    """The verified ID token. Raises ProviderFault or SignInRefused."""
    providers, account_id = services.providers, provider.account_id
    metadata = await providers.metadata(account_id, provider.issuer)
    # Before anything is sent to the provider (RFC 9207, section 2.4).
    if response.issuer != provider.issuer and (response.issuer or metadata.sends_issuer):
        raise SignInRefused(ANOTHER_PROVIDER)
    if response.error:
        raise SignInRefused(BY_ERROR.get(response.error, REFUSED_THERE))
    if not 0 < len(response.code) <= MAX_CODE:
        raise ProviderFault("It sent no code.")
    secret = read_secret(services.server_key, provider)
    if secret is None:
        raise SignInRefused(SECRET_LOST)
    tokens = await exchange_code(
        providers.client,
        account_id,
        metadata,
        client_id=provider.client_id,
        client_secret=secret,
        code=response.code,
        redirect_uri=redirect_uri(services.public_url, account_id),
        verifier=verifier_of(services.server_key, response.state),
    )
    signed = await providers.verify(account_id, metadata, tokens.id_token)
    nonce = nonce_of(services.server_key, response.state)
    token = check_id_token(signed, issuer=provider.issuer, client_id=provider.client_id, nonce=nonce, now=now_s())
    begun_at = (pending.expires_at - LIFETIME_MS) // 1_000
    if pending.reauthenticates and token.authenticated_at == UNKNOWN:
        raise ProviderFault("It did not say when you signed in: its ID token has no auth_time.")
    if pending.reauthenticates and token.authenticated_at < begun_at - LEEWAY_S:
        raise ProviderFault("It did not ask you to sign in again.")
    return await read_userinfo(providers.client, account_id, metadata, tokens, token)


async def _with_role(
    services: SingleSignOnServices, actor: Actor, provider: IdentityProvider, admitted: Admitted
) -> User:
    """The person, after their role was changed to that of the claims; the last Owner stays one."""
    user, role = admitted.user, admitted.role
    # The account has decided by its mapping who has which role.
    by = actor._replace(kind="provider", id=provider.account_id, account_id=provider.account_id, role="OWNER")
    if admitted.how == "added":
        mail_person_added(
            services.notices, by, user.account_id, user.email, user.name, user.role, "joined by single sign-on"
        )
    if role == user.role:
        return user
    try:
        changed_role = await change_user(services.database, by, user.account_id, user.id, role=role, expected=user.role)
    except Conflict:
        return user
    except PublicError as error:
        raise SignInRefused(CHANGED) from error
    mail_role_raised(services.notices, by, user.account_id, *changed_role)
    changed = await services.database.read_single(find_user, user.account_id, user.id)
    if changed is None:
        raise SignInRefused(CHANGED)
    return changed


async def _open(
    services: SingleSignOnServices,
    actor: Actor,
    provider: IdentityProvider,
    token: IdToken,
    user: User,
    user_agent: str,
) -> OpenedSession:
    """Start the session. Raises SignInRefused if the provider has ended it meanwhile."""
    session_id = uuid7()
    # First, so that a logout that arrives now finds it.
    federated = {
        "session_id": session_id,
        "issuer": token.issuer,
        "subject": token.subject,
        "provider_session_id": token.session_id,
        "created_at": now_ms(),
    }
    if not await services.database.write(store.insert_session, provider.account_id, user.id, federated):
        raise SignInRefused(CHANGED)
    try:
        opened = await open_console_session(
            services.database,
            actor,
            Authentication(user),
            session_id=session_id,
            user_agent=user_agent,
            amr=token.amr,
            authenticated_at=token.authenticated_at * 1_000,
        )
    except InvalidCredentials as error:
        raise SignInRefused(CHANGED) from error
    if not await services.database.write(end_if_provider_changed, actor, provider, user.id, session_id):
        raise SignInRefused(SIGNED_OUT)
    return opened
