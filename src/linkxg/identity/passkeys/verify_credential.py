"""Verifies what browsers answer to registrations and sign-ins (WebAuthn Level 3 §7.1, §7.2), by the library webauthn.

Everything that the library decodes has been checked for its form before. Counters and owners are for the transaction
that uses the result.
"""

from typing import NamedTuple

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import encode_cbor, parse_cbor
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    CredentialDeviceType,
    RegistrationCredential,
)

from linkxg.identity.passkeys.authenticator_data import check_authenticator_data
from linkxg.identity.passkeys.canonical_cbor import NotCanonicalCbor, end_of_item
from linkxg.identity.passkeys.client_data import CeremonyFailed, ClientData, read_base64url
from linkxg.identity.passkeys.model import (
    MAX_ATTESTATION,
    MAX_CREDENTIAL_ID,
    AssertionCredential,
    AttestationCredential,
)
from linkxg.identity.passkeys.public_key import ALGORITHMS, check_public_key
from linkxg.identity.passkeys.relying_party import RelyingParty


class VerifiedAttestation(NamedTuple):
    """A new credential."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str


class VerifiedAssertion(NamedTuple):
    """A signature that was valid, and what it says."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool
    user_verified: bool


def read_credential_id(credential: AssertionCredential | AttestationCredential) -> bytes:
    """Raises CeremonyFailed."""
    if credential.id != credential.raw_id:
        raise CeremonyFailed("two credential ids")
    credential_id = read_base64url(credential.id)
    if not 0 < len(credential_id) <= MAX_CREDENTIAL_ID:
        raise CeremonyFailed("credential id too long")
    return credential_id


def verify_attestation(
    party: RelyingParty, client_data: ClientData, credential: AttestationCredential
) -> VerifiedAttestation:
    """Raises CeremonyFailed. The authenticator need not have verified the person: sign-in without password asks."""
    if len(credential.response.attestation_object) > MAX_ATTESTATION:
        raise CeremonyFailed("attestation too long")
    credential_id = read_credential_id(credential)
    found = RegistrationCredential(
        id=credential.id,
        raw_id=credential_id,
        response=AuthenticatorAttestationResponse(
            client_data_json=client_data.raw,
            attestation_object=_without_statement(read_base64url(credential.response.attestation_object)),
        ),
    )
    try:
        verified = verify_registration_response(
            credential=found,
            expected_challenge=client_data.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception as fault:
        # The library reads members without a check; whatever it raises, the credential is not valid.
        raise CeremonyFailed(f"registration: {fault}") from fault
    if verified.credential_id != credential_id:
        raise CeremonyFailed("another credential id was attested")
    check_public_key(verified.credential_public_key)
    return VerifiedAttestation(
        credential_id,
        verified.credential_public_key,
        verified.sign_count,
        verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        verified.credential_backed_up,
        verified.aaguid,
    )


def verify_assertion(
    party: RelyingParty,
    client_data: ClientData,
    credential: AssertionCredential,
    public_key: bytes,
    *,
    require_verification: bool,
) -> VerifiedAssertion:
    """Raises CeremonyFailed. With `require_verification`, the authenticator must have verified the person."""
    authenticator_data = read_base64url(credential.response.authenticator_data)
    check_authenticator_data(authenticator_data, attested=False)
    found = AuthenticationCredential(
        id=credential.id,
        raw_id=read_credential_id(credential),
        response=AuthenticatorAssertionResponse(
            client_data_json=client_data.raw,
            authenticator_data=authenticator_data,
            signature=read_base64url(credential.response.signature),
        ),
    )
    try:
        verified = verify_authentication_response(
            credential=found,
            expected_challenge=client_data.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            # Compared after the signature, where it is stored: here a forged counter would look like a copied key.
            credential_current_sign_count=0,
            require_user_verification=require_verification,
        )
    except Exception as fault:
        raise CeremonyFailed(f"sign-in: {fault}") from fault
    return VerifiedAssertion(
        verified.new_sign_count,
        verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        verified.credential_backed_up,
        verified.user_verified,
    )


def _without_statement(attestation_object: bytes) -> bytes:
    """The attestation object without its statement, which was not asked for: no certificate is read.

    Browsers leave it out, or send that of a key about itself (WebAuthn Level 3 §5.4.7).
    """
    try:
        if end_of_item(attestation_object, 0) != len(attestation_object):
            raise CeremonyFailed("attestation too long")
        members = parse_cbor(attestation_object)
        authenticator_data = members["authData"]
    except CeremonyFailed:
        raise
    except NotCanonicalCbor as error:
        raise CeremonyFailed(f"attestation: {error}") from error
    except Exception as fault:
        raise CeremonyFailed(f"attestation: {type(fault).__name__}") from fault
    if not isinstance(authenticator_data, bytes):
        raise CeremonyFailed("attestation without authenticator data")
    check_authenticator_data(authenticator_data, attested=True)
    return encode_cbor({"fmt": "none", "attStmt": {}, "authData": authenticator_data})
