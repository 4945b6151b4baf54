"""DPoP (RFC 9449): tokens that are bound to a key of this client, and a proof of it with each request."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, NoReturn, Protocol

import httpx

from linkxg_client.client_assertions import new_key, read_key
from linkxg_client.clock import Clock
from linkxg_client.secret_sources import SecretLike, as_source

if TYPE_CHECKING:
    from linkxg_client.access_token import AccessToken

HEADER, NONCE = "DPoP", "DPoP-Nonce"
NONCE_DEMANDED = "use_dpop_nonce"
_LONGEST_NONCE = 1_024


class DpopKey:
    """The key of the proofs, and the last nonce of each server. Needs `linkxg-client[keys]`.

    Without `key`, a private key as PEM or its source, it is a new one that lives as long as this process.
    """

    def __init__(self, key: SecretLike | None = None) -> None:
        self._key = new_key() if key is None else read_key(as_source(key))
        self._nonces: dict[tuple[str, str, int | None], str] = {}

    def __repr__(self) -> str:
        return f"DpopKey({self.thumbprint!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A private key cannot be pickled; pass its source instead.")

    @property
    def thumbprint(self) -> str:
        """Of the public key, as in the claim `cnf` of its tokens."""
        return self._key.thumbprint

    def proof(self, method: str, url: httpx.URL, clock: Clock, token: AccessToken | None = None) -> str:
        """A proof for one request. It works once: a repetition needs another."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16), "htm": method, "iat": int(clock.time()),
            "htu": str(url.copy_with(query=None, fragment=None)),
        }  # fmt: skip
        nonce = self._nonces.get(_origin(url))
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = _digest(token.reveal())
        return self._key.jwt({"typ": "dpop+jwt", "jwk": self._key.public_jwk}, claims)

    def note_nonce(self, url: httpx.URL, headers: Mapping[str, str]) -> bool:
        """Keep the nonce of an answer; whether there is one."""
        nonce = headers.get(NONCE)
        if not nonce or len(nonce) > _LONGEST_NONCE:
            return False
        self._nonces[_origin(url)] = nonce
        return True


class ProofAuth(httpx.Auth):
    """A proof for each attempt of a token request."""

    def __init__(self, key: DpopKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[HEADER] = self._key.proof(request.method, request.url, self._clock)
        self._key.note_nonce(request.url, (yield request).headers)


class HeaderFields(Protocol):
    """Those of httpx and of requests."""

    def __setitem__(self, name: str, value: str, /) -> None: ...


def authorize(headers: HeaderFields, token: AccessToken, method: str, url: httpx.URL, clock: Clock) -> None:
    """Put the token into the header fields of a request, with a proof if it is bound to a key."""
    headers["Authorization"] = token.header
    if token.dpop is not None:
        headers[HEADER] = token.dpop.proof(method, url, clock, token)


def is_nonce_demanded(token: AccessToken, url: httpx.URL, status: int, headers: Mapping[str, str]) -> bool:
    """Keep the nonce of an answer of the API; whether the request is to be repeated with it (RFC 9449 §9)."""
    if token.dpop is None or not token.dpop.note_nonce(url, headers):
        return False
    return status == 401 and f'error="{NONCE_DEMANDED}"' in headers.get("www-authenticate", "")


def _digest(text: str) -> str:
    from linkxg_client.signing_key import b64url

    return b64url(hashlib.sha256(text.encode()).digest())


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    # httpx leaves out the default port of a scheme.
    return url.scheme, url.host, url.port
