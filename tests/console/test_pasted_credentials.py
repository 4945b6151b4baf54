"""What is pasted where a key or a certificate belongs is named, with what to do instead. Security rule 269."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from console.browser import Visitor, text_of
from harness.client_assertions import add_key, new_key, public
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, make_client
from harness.world import World

CERTIFICATE = ClientCertificate()
_PUBLIC = ec.generate_private_key(ec.SECP256R1()).public_key()
_REQUEST = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))


def bare(pem: str) -> str:
    return "".join(pem.strip().splitlines()[1:-1])


def spki(key: Any) -> str:
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


PRIVATE = CERTIFICATE.key_pem
SSH = _PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
CSR = _REQUEST.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM).decode()
SET = json.dumps({"keys": [public(new_key()), public(new_key())]})
RSA_1024 = spki(rsa.generate_private_key(65_537, 1_024).public_key())
NOT_PRIVATE = "a private key that was sent somewhere is not private any more."
KEYS = {
    "private key": (PRIVATE, NOT_PRIVATE),
    "bare private key": (bare(PRIVATE), NOT_PRIVATE),
    "certificate": (CERTIFICATE.pem, "openssl x509 -pubkey -noout"),
    "chain": (CERTIFICATE.pem + ClientCertificate().pem, "holds certificates"),
    "certificate request": (CSR, "openssl req -pubkey -noout"),
    "key set": (SET, "holds a key set"),
    "ssh": (SSH, "ssh-keygen -e -m PKCS8"),
    "base64": (bare(spki(_PUBLIC)), "-----BEGIN PUBLIC KEY-----"),
    "weak rsa": (RSA_1024, "an RSA key of 1024 bits"),
    "p-384": (spki(ec.generate_private_key(ec.SECP384R1()).public_key()), "the curve P-384"),
    "p-384 as jwk": (json.dumps(public(ECKey.generate_key("P-384"))), "the curve P-384"),
}
CERTIFICATES = {
    "private key": (PRIVATE, NOT_PRIVATE),
    "bare private key": (bare(PRIVATE), NOT_PRIVATE),
    "private key and certificate": (CERTIFICATE.pem + PRIVATE, NOT_PRIVATE),
    "chain": (CERTIFICATE.pem + ClientCertificate().pem, "the first one only"),
    "certificate request": (CSR, "holds a certificate request"),
    "public key": (CERTIFICATE.public_pem, "holds a public key"),
    "jwk": (json.dumps(public(new_key())), "holds a public key"),
    "key set": (SET, "holds a key set"),
    "ssh": (SSH, "holds a key of SSH"),
    "base64": (bare(CERTIFICATE.pem), "-----BEGIN CERTIFICATE-----"),
}


@pytest.fixture(scope="module")
def oauth(world: World) -> OAuthClient:
    return make_client(world.api, world.owner)


def paste(owner: Visitor, oauth: OAuthClient, place: str, **fields: str) -> Any:
    here = f"/account/api-access/{oauth.client_id}"
    return owner.fill(owner.get(f"{here}/authentication"), f"{here}/{place}", **fields)


@pytest.mark.parametrize("name", KEYS)
def test_rule_269_what_is_no_public_key_is_named(world: World, owner: Visitor, oauth: OAuthClient, name: str) -> None:
    text, said = KEYS[name]
    answer = paste(owner, oauth, "keys", key_name="Mine", public_key=text)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "The field “Public key” h" in text_of(answer)
    assert bare(PRIVATE)[:40] not in answer.text
    body = {"jwk": json.loads(text)} if text.startswith("{") else {"pem": text}
    refused = add_key(world.api, world.owner, oauth.client_id, **body).expect(400, "invalid_request")
    assert said in refused.object()["error_description"]


@pytest.mark.parametrize("name", CERTIFICATES)
def test_rule_269_what_is_no_certificate_is_named(world: World, owner: Visitor, oauth: OAuthClient, name: str) -> None:
    text, said = CERTIFICATES[name]
    answer = paste(owner, oauth, "certificates", certificate=text)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "The field “New certificate” holds" in text_of(answer)
    assert bare(PRIVATE)[:40] not in answer.text
    path = f"/oauth/clients/{oauth.client_id}/certificates"
    refused = world.api.post(path, bearer=world.owner.access, json={"certificate": text}).expect(400, "invalid_request")
    assert said in refused.object()["error_description"]


def test_the_first_certificate_permits_its_method_as_a_key_does(world: World, owner: Visitor) -> None:
    oauth = make_client(world.api, world.owner)
    path = f"/oauth/clients/{oauth.client_id}"

    def methods() -> list[str]:
        view = world.api.get(path, bearer=world.owner.access).expect(200).object()
        found: list[str] = view["token_endpoint_auth_methods"]
        return found

    done = paste(owner, oauth, "certificates", certificate=ClientCertificate().pem)
    assert "The client can authenticate by it." in text_of(owner.get(done.headers["location"]))
    assert "self_signed_tls_client_auth" in methods()
    body = {"token_endpoint_auth_methods": ["client_secret_basic"]}
    world.api.patch(path, bearer=world.owner.access, json=body).expect(200)
    # Somebody took it away: a second certificate does not bring it back.
    done = paste(owner, oauth, "certificates", certificate=ClientCertificate().pem)
    assert "is not allowed yet." in text_of(owner.get(done.headers["location"]))
    assert methods() == ["client_secret_basic"]
