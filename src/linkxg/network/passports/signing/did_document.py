"""The DID document of an issuer (did:web, DID Core §5): every key by which it has signed passports."""

from typing import Any

from linkxg.network.passports.documents.addresses import gln_uri
from linkxg.network.passports.signing.issuer_keys import ALGORITHM, PublicKey

CONTEXTS = ["https://www.w3.org/ns/did/v1", "https://www.w3.org/ns/cid/v1"]


def did_document(did: str, keys: list[PublicKey], gln: str | None) -> dict[str, Any]:
    """A retired key has the time from which on it no longer signs; what it has signed stays valid."""
    document: dict[str, Any] = {
        "@context": CONTEXTS,
        "id": did,
        "verificationMethod": [_method(did, key) for key in keys],
        "assertionMethod": [f"{did}#{key.kid}" for key in keys],
    }
    return document if gln is None else {**document, "alsoKnownAs": [gln_uri("417", gln)]}


def _method(did: str, key: PublicKey) -> dict[str, Any]:
    id = f"{did}#{key.kid}"
    jwk = {**key.public_key_jwk, "kid": key.kid, "use": "sig", "alg": ALGORITHM}
    method = {"id": id, "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk, "created": key.created_at}
    return method if key.retired_at is None else {**method, "retired": key.retired_at}
