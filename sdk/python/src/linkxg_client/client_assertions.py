"""What a client without a secret authenticates with: its key, the token of its workload, or its certificate."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import httpx

from linkxg_client.clock import Clock
from linkxg_client.errors import SecretUnavailable
from linkxg_client.secret import Assertion, ByCertificate, Secret
from linkxg_client.secret_sources import SecretLike, SecretSource, as_source

if TYPE_CHECKING:
    from linkxg_client.signing_key import SigningKey

LIFETIME_S = 60
_GITHUB = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_GITHUB_TIMEOUT_S = 10.0


class ClientAssertions:
    """Assertions instead of a secret, from a function or from a file: it is read again for each request, as each
    assertion works once.

    The client signs it (`private_key_jwt`), or the platform issues it for its workload.
    """

    def __init__(self, source: Callable[[], str] | SecretSource) -> None:
        self._source = as_source(source)

    def read(self) -> Secret:
        return Assertion(self._source.read().reveal())


class PrivateKeyJwt:
    """`private_key_jwt` (RFC 7523 §2.2): the client signs an assertion for each request. Needs `linkxg-client[keys]`.

    `key` is the private key as PEM: a source such as `SecretFile`, a function, or the text. It is read again for each
    request. `kid` is by default the thumbprint of the key, `audience` the address of the service, which is its issuer.
    """

    def __init__(self, key: SecretLike, *, kid: str | None = None, audience: str | None = None) -> None:
        # Now rather than with the first request.
        load_keys()
        self._key = as_source(key)
        self._kid = kid
        self._audience = audience

    def bind(self, client_id: str, issuer: str, clock: Clock) -> ClientAssertions:
        """The assertions of this client for this service."""

        def sign() -> str:
            key, now = read_key(self._key), int(clock.time())
            claims = {
                "iss": client_id, "sub": client_id, "aud": self._audience or issuer, "jti": secrets.token_urlsafe(16),
                "iat": now, "exp": now + LIFETIME_S,
            }  # fmt: skip
            return key.jwt({"typ": "JWT", "kid": self._kid or key.thumbprint}, claims)

        return ClientAssertions(sign)


class MutualTLS:
    """`self_signed_tls_client_auth` (RFC 8705 §2.2): the certificate of the connection instead of a secret.

    The certificate and its key are in the TLS context of `Connection(verify=…)`.
    """

    def read(self) -> Secret:
        return ByCertificate("tls")


def github_actions_token(audience: str) -> Callable[[], str]:
    """For `ClientAssertions`: a function that requests a new identity token of a GitHub Actions job each time.

    The job needs `permissions: id-token: write`.
    """

    def request() -> str:
        if not all(os.environ.get(name) for name in _GITHUB):
            raise SecretUnavailable("This is no job of GitHub Actions with the permission id-token: write.")
        token = _request(audience)
        if token is None:
            raise SecretUnavailable("GitHub Actions issued no identity token.")
        return token.reveal()

    return request


def _request(audience: str) -> Secret | None:
    # The caller raises: an exception from here has frames that hold the credentials of the job.
    url, bearer = (os.environ[name] for name in _GITHUB)
    try:
        answer = httpx.get(
            httpx.URL(url).copy_set_param("audience", audience),
            headers={"Authorization": f"Bearer {bearer}"}, timeout=_GITHUB_TIMEOUT_S,
        )  # fmt: skip
        return Secret(answer.raise_for_status().json()["value"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None


def read_key(source: SecretSource) -> SigningKey:
    """The key of a source. Raises SecretUnavailable."""
    load_keys()
    from linkxg_client.signing_key import read_pem

    return read_pem(source.read())


def new_key() -> SigningKey:
    """A new key for ES256. Raises SecretUnavailable without the extra."""
    load_keys()
    from linkxg_client.signing_key import generate

    return generate()


def load_keys() -> None:
    """Raises SecretUnavailable if the extra is missing."""
    try:
        import_module("linkxg_client.signing_key")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "cryptography":
            raise
        absent = True
    else:
        absent = False
    if absent:
        raise SecretUnavailable("Install linkxg-client[keys] to sign with a private key.")
