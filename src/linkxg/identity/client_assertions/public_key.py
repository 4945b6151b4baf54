"""Reads the public key that a client registers, as a JWK (RFC 7517) or in PEM, and keeps its public members only."""

from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from linkxg.crypto.jwk import PRIVATE_MEMBERS, THUMBPRINT_MEMBERS, thumbprint
from linkxg.crypto.jwt import decode_b64url
from linkxg.errors import InvalidRequest
from linkxg.http import strict_json
from linkxg.identity.client_assertions.model import MAX_JWK
from linkxg.identity.clients.pasted_text import REPLACE_PAIR, Pasted, holds_private_key, recognise
from linkxg.identity.federation.signed_token import read_key

_KINDS: tuple[type[Key], ...] = (ECKey, OKPKey, RSAKey)
_MAX_KID = 100
_PRIVATE_KEY = (
    f"The field jwk or pem holds a private key. It was not stored. Register the public key only, {REPLACE_PAIR}"
)
_UNUSABLE = (
    "The field jwk or pem must be one public key: RSA of 2048 to 8192 bits, EC on the curve P-256, or Ed25519, for"
    " RS256, PS256, ES256 or EdDSA."
)

_ACCEPTED = "Use RSA of 2048 to 8192 bits, EC on the curve P-256, or Ed25519."
_WRONG = {
    Pasted.PRIVATE_KEY: _PRIVATE_KEY,
    Pasted.CERTIFICATE: (
        "The field jwk or pem holds a certificate. Send its public key, which `openssl x509 -pubkey -noout` prints, or "
        "register it as a certificate of the client."
    ),
    Pasted.CHAIN: "The field jwk or pem holds certificates. Register the first one as a certificate of the client.",
    Pasted.CERTIFICATE_REQUEST: (
        "The field jwk or pem holds a certificate request. Send its public key, which `openssl req -pubkey -noout` "
        "prints."
    ),
    Pasted.KEY_SET: (
        "The field jwk or pem holds a key set. Publish it and register its address as the JWKS URI, or add its "
        "keys one by one."
    ),
    Pasted.SSH_KEY: (
        "The field jwk or pem holds a key of SSH. Send it in PEM, as `ssh-keygen -e -m PKCS8 -f FILE` prints it."
    ),
    Pasted.BASE64: (
        "The field jwk or pem holds base64 without its PEM lines. Put it between -----BEGIN PUBLIC KEY----- and "
        "-----END PUBLIC KEY-----."
    ),
}
_OTHER_CURVES = frozenset(("P-384", "P-521", "secp256k1", "Ed448", "X25519", "X448"))
_JWK_CURVES = {"secp384r1": "P-384", "secp521r1": "P-521"}
_MINIMUM_RSA = 2_048


def read_jwk(jwk: dict[str, Any]) -> dict[str, str]:
    """The public members, with a `kid`: the given one, or the thumbprint. Raises InvalidRequest."""
    if PRIVATE_MEMBERS & jwk.keys():
        raise InvalidRequest(_PRIVATE_KEY)
    if isinstance(jwk.get("keys"), list):
        raise InvalidRequest(_PRIVATE_KEY if _holds_private_member(jwk) else _WRONG[Pasted.KEY_SET])
    kid, operations = jwk.get("kid"), jwk.get("key_ops")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= _MAX_KID and kid.isprintable()):
        raise InvalidRequest(f"The kid of the key must be a text of 1 to {_MAX_KID} printable characters.")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        raise InvalidRequest(_UNUSABLE)
    if read_key(jwk) is None:
        raise InvalidRequest(_unusable_jwk(jwk))
    names = THUMBPRINT_MEMBERS[jwk["kty"]]
    members = {name: str(jwk[name]) for name in names}
    public = members | {"kid": kid or thumbprint(members)}
    if isinstance(jwk.get("alg"), str):
        public["alg"] = jwk["alg"]
    if sum(map(len, public.values())) > MAX_JWK:
        raise InvalidRequest(_UNUSABLE)
    return public


def read_public_key_pem(pem: str) -> dict[str, str]:
    """The public key as a JWK. Raises InvalidRequest."""
    if (wrong := _WRONG.get(recognise(pem))) is not None:
        raise InvalidRequest(wrong)
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidRequest(_UNUSABLE) from None
    if isinstance(key, RSAPublicKey) and key.key_size < _MINIMUM_RSA:
        raise InvalidRequest(_weak_rsa(key.key_size))
    if isinstance(key, EllipticCurvePublicKey):
        curve = _JWK_CURVES.get(key.curve.name, key.curve.name)
        if curve in _OTHER_CURVES:
            raise InvalidRequest(_other_curve(curve))
    for kind in _KINDS:
        try:
            return read_jwk({**kind.import_key(pem).as_dict(private=False)})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    raise InvalidRequest(_UNUSABLE)


def read_key_text(text: str) -> dict[str, str]:
    """A JWK as JSON, or PEM, whatever was pasted. Raises InvalidRequest."""
    text = text.strip()
    if not text.startswith("{"):
        return read_public_key_pem(text)
    try:
        value = strict_json.parse(text)
    except ValueError:
        raise InvalidRequest(_PRIVATE_KEY if holds_private_key(text) else _UNUSABLE) from None
    return read_jwk(value)


def _holds_private_member(key_set: dict[str, Any]) -> bool:
    return any(isinstance(one, dict) and PRIVATE_MEMBERS & one.keys() for one in key_set["keys"])


def _unusable_jwk(jwk: dict[str, Any]) -> str:
    curve, modulus = jwk.get("crv"), jwk.get("n")
    if isinstance(curve, str) and curve in _OTHER_CURVES:
        return _other_curve(curve)
    raw = decode_b64url(modulus) if jwk.get("kty") == "RSA" and isinstance(modulus, str) else None
    bits = int.from_bytes(raw).bit_length() if raw else _MINIMUM_RSA
    return _weak_rsa(bits) if bits < _MINIMUM_RSA else _UNUSABLE


def _weak_rsa(bits: int) -> str:
    return f"The field jwk or pem has an RSA key of {bits} bits, which is too weak. {_ACCEPTED}"


def _other_curve(name: str) -> str:
    return f"The field jwk or pem has a key on the curve {name}, which is not accepted. {_ACCEPTED}"
