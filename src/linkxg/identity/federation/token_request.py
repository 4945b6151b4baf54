"""The requests to a provider's token endpoint: RFC 6749, section 4.1.3 and 2.3.1, RFC 7636."""

import re
from base64 import b64encode
from typing import NamedTuple
from urllib.parse import quote_plus

from linkxg.identity.federation.discovery import ProviderMetadata
from linkxg.identity.federation.fetch import ProviderClient, Reply
from linkxg.identity.federation.id_token import IdToken
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.verified_address import is_verified

_BEARER = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")
_WRONG_CLIENT = "It does not accept the client id and the client secret."


class ProviderTokens(NamedTuple):
    """`access_token` is for the provider's UserInfo endpoint only, and is not kept."""

    id_token: str
    access_token: str | None


async def exchange_code(
    client: ProviderClient,
    account_id: str,
    metadata: ProviderMetadata,
    *,
    client_id: str,
    client_secret: str,
    code: str,
    redirect_uri: str,
    verifier: str,
) -> ProviderTokens:
    """The tokens for an authorization code. Raises ProviderFault."""
    grant = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    reply = await _send(client, account_id, metadata, grant, client_id, client_secret)
    if reply.status != 200:
        if reply.body.get("error") == "invalid_client":
            raise ProviderFault(_WRONG_CLIENT)
        if reply.body.get("error") == "invalid_grant":
            raise ProviderFault("It did not accept the code of this sign-in: the code was used before or has expired.")
        raise ProviderFault(f"Its token endpoint answered {reply.status}.")
    token = reply.body.get("id_token")
    if not isinstance(token, str):
        raise ProviderFault("It sent no ID token.")
    access = reply.body.get("access_token")
    return ProviderTokens(token, access if isinstance(access, str) else None)


async def read_userinfo(
    client: ProviderClient, account_id: str, metadata: ProviderMetadata, tokens: ProviderTokens, token: IdToken
) -> IdToken:
    """The ID token, completed with the claims of the UserInfo endpoint if it has no e-mail address.

    OpenID Connect Core 1.0, section 5.3 and 5.4: with the code flow, a provider may send the claims there only. Raises
    ProviderFault if they are of another subject.
    """
    endpoint, access = metadata.userinfo_endpoint, tokens.access_token
    if token.email is not None or endpoint is None or access is None or not _BEARER.fullmatch(access):
        return token
    reply = await client.get(account_id, endpoint, {"Authorization": f"Bearer {access}"})
    if reply.status != 200:
        raise ProviderFault(f"Its UserInfo endpoint answered {reply.status}.")
    if reply.body.get("sub") != token.subject:
        raise ProviderFault("Its UserInfo endpoint answered for another person.")
    email = reply.body.get("email")
    return token._replace(
        email=email if isinstance(email, str) else None,
        email_verified=is_verified(token.issuer, reply.body, email),
        # What is signed comes first.
        claims=reply.body | token.claims,
    )


async def check_client(
    client: ProviderClient,
    account_id: str,
    metadata: ProviderMetadata,
    *,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
) -> None:
    """Raises ProviderFault if the provider says that it does not know the client.

    A code that was never issued is exchanged: the provider authenticates the client first.
    """
    grant = {
        "grant_type": "authorization_code",
        "code": "linkxg-connection-test",
        "redirect_uri": redirect_uri,
        "code_verifier": "linkxg-connection-test-linkxg-connection-test",
    }
    reply = await _send(client, account_id, metadata, grant, client_id, client_secret)
    if reply.body.get("error") == "invalid_client":
        raise ProviderFault(_WRONG_CLIENT)


async def _send(
    client: ProviderClient,
    account_id: str,
    metadata: ProviderMetadata,
    grant: dict[str, str],
    client_id: str,
    client_secret: str,
) -> Reply:
    headers = {}
    if metadata.client_authentication == "client_secret_basic":
        # Form-encoded before base64 (RFC 6749, section 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        grant = grant | {"client_id": client_id, "client_secret": client_secret}
    return await client.post(account_id, metadata.token_endpoint, grant, headers)
