"""The metadata of a provider: OpenID Connect Discovery 1.0, section 3 and 4."""

from typing import Any, Literal, NamedTuple

from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.federation.pinned_request import split_url
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.signed_token import ALGORITHMS
from linkxg.identity.federation.verified_address import is_of_consumers

MAX_ISSUER = 500
_PATH = "/.well-known/openid-configuration"
Method = Literal["client_secret_basic", "client_secret_post"]


class ProviderMetadata(NamedTuple):
    """What is needed of it; `algorithms` are those of ID tokens that both sides accept."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    client_authentication: Method
    algorithms: frozenset[str]
    sends_issuer: bool
    """Whether authorization responses carry `iss` (RFC 9207)."""


def check_issuer(issuer: str) -> None:
    """Raises ProviderFault unless it can be the issuer of an OpenID provider."""
    parts = split_url(issuer)
    if parts.query or "?" in issuer or "#" in issuer or len(issuer) > MAX_ISSUER:
        raise ProviderFault("An issuer is an https URL without query and fragment, of at most 500 characters.")
    if is_of_consumers(issuer):
        raise ProviderFault("It is the issuer of personal Microsoft accounts. Enter that of your own tenant.")


async def discover(client: ProviderClient, account_id: str, issuer: str) -> ProviderMetadata:
    """Raises ProviderFault for a document that is missing, of another issuer, or of a provider that is not suitable."""
    check_issuer(issuer)
    reply = await client.get(account_id, issuer.removesuffix("/") + _PATH)
    if reply.status != 200:
        raise ProviderFault(f"It answered {reply.status} when asked for its metadata.")
    document = reply.body
    if document.get("issuer") != issuer:
        raise ProviderFault("Its metadata names another issuer. Enter the issuer exactly as the provider writes it.")
    if "code" not in _strings(document, "response_types_supported", ["code"]):
        raise ProviderFault("It does not support the authorization code flow.")
    if "S256" not in _strings(document, "code_challenge_methods_supported", ["S256"]):
        raise ProviderFault("It does not support PKCE with S256.")
    algorithms = ALGORITHMS.keys() & set(_strings(document, "id_token_signing_alg_values_supported", ["RS256"]))
    if not algorithms:
        raise ProviderFault("It signs ID tokens with none of RS256, PS256, ES256 and EdDSA.")
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_url(document, "authorization_endpoint"),
        token_endpoint=_url(document, "token_endpoint"),
        jwks_uri=_url(document, "jwks_uri"),
        userinfo_endpoint=_url(document, "userinfo_endpoint") if "userinfo_endpoint" in document else None,
        client_authentication=_method(document),
        algorithms=frozenset(algorithms),
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _method(document: dict[str, Any]) -> Method:
    offered = _strings(document, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if "client_secret_basic" in offered:
        return "client_secret_basic"
    if "client_secret_post" in offered:
        return "client_secret_post"
    raise ProviderFault("It does not support client_secret_basic or client_secret_post.")


def _strings(document: dict[str, Any], name: str, default: list[str]) -> list[str]:
    value = document.get(name, default)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ProviderFault(f"{name} of its metadata is not a list of texts.")
    return value


def _url(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ProviderFault(f"Its metadata has no {name}.")
    split_url(value)
    return value
