"""Clients that authenticate by assertions, and the assertions that they or their attackers make."""

from __future__ import annotations

import json
import secrets
import time
import warnings
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey

from harness.answers import Answer
from harness.client import Client
from harness.clients import OAuthClient, make_client
from harness.people import Session
from harness.world import World

Key = ECKey | OKPKey | RSAKey
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET_METHODS = ["client_secret_basic", "client_secret_post"]


@cache
def _rsa(number: int) -> RSAKey:
    """To find a pair takes long; the number tells keys apart."""
    return RSAKey.generate_key(2048)


def new_key(algorithm: str = "ES256", kid: str | None = None, number: int = 0) -> Key:
    """A pair of keys."""
    kid = kid or secrets.token_hex(6)
    if algorithm in ("RS256", "PS256"):
        return RSAKey.import_key({**_rsa(number).as_dict(private=True), "kid": kid})
    parameters: KeyParameters = {"kid": kid}
    return (
        OKPKey.generate_key("Ed25519", parameters) if algorithm == "EdDSA" else ECKey.generate_key("P-256", parameters)
    )


def public(key: Key, **changed: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **changed}


def segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(key: Key, claims: dict[str, Any], algorithm: str = "ES256", **header: Any) -> str:
    """A member of the header that is None is left out."""
    fields = {"alg": algorithm, "kid": key.kid, **header}
    fields = {name: value for name, value in fields.items() if value is not None}
    with warnings.catch_warnings():
        # RFC 9864 gives EdDSA new names, which clients do not use yet.
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(fields, claims, key, algorithms=[algorithm], default_type=fields.pop("typ", None))


def issuer_of(client: Client) -> str:
    metadata = client.get("//.well-known/oauth-authorization-server").expect(200).object()
    return str(metadata["issuer"])


@dataclass
class KeyClient:
    """A client with a key, by which it authenticates."""

    api: Client
    oauth: OAuthClient
    issuer: str
    key: Key
    algorithm: str = "ES256"
    key_id: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        return self.oauth.client_id

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of a good assertion; a member that is None is left out."""
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.issuer, "iat": now, "exp": now + 60,
                  "jti": secrets.token_hex(12)} | changed  # fmt: skip
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        return sign(self.key, self.claims(**changed), self.algorithm, **(header or {}))

    def request(self, assertion: str | None = None, **extra: str) -> Answer:
        """A token request; `extra` are further parameters of the form."""
        return present(self.api, assertion or self.assertion(), "/oauth/token", None, False, **extra)

    def token(self) -> str:
        return str(self.request().expect(200).object()["access_token"])


def present(
    api: Client,
    assertion: str,
    path: str = "/oauth/token",
    headers: list[tuple[str, str]] | None = None,
    allow_503: bool = False,
    **extra: str,
) -> Answer:
    """A request with this assertion, at the token endpoint for a token."""
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    if path == "/oauth/token":
        form["grant_type"] = "client_credentials"
    reveals = path == "/oauth/token"
    return api.post(path, form=form | extra, headers=headers or [], reveals=reveals, allow_503=allow_503)


def add_key(api: Client, by: Session, client_id: str, **body: Any) -> Answer:
    return api.post(f"/oauth/clients/{client_id}/keys", bearer=by.access, json={"name": "Deployment", **body})


def add_trust(api: Client, by: Session, client_id: str, **body: Any) -> Answer:
    return api.post(f"/oauth/clients/{client_id}/trusts", bearer=by.access, json={"name": "Release workflow", **body})


def set_methods(api: Client, by: Session, client_id: str, methods: list[str]) -> Answer:
    body = {"token_endpoint_auth_methods": methods}
    return api.patch(f"/oauth/clients/{client_id}", bearer=by.access, json=body)


def make_key_client(world: World, algorithm: str = "ES256", **options: Any) -> KeyClient:
    """A client with one registered key."""
    oauth = make_client(world.api, world.owner, **options)
    made = KeyClient(world.api, oauth, issuer_of(world.api), new_key(algorithm), algorithm)
    added = add_key(world.api, world.owner, oauth.client_id, jwk=public(made.key)).expect(201)
    made.key_id = added.object()["id"]
    return made
