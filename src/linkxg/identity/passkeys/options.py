"""Options for the browser's `create` and `get` (WebAuthn Level 3 §5.4, §5.5)."""

from collections.abc import Iterable
from typing import Any

from webauthn import generate_authentication_options, generate_registration_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from linkxg.identity.passkeys.model import PASSKEY_CHALLENGE_MS, Passkey
from linkxg.identity.passkeys.public_key import ALGORITHMS
from linkxg.identity.passkeys.relying_party import NAME, RelyingParty


def registration_options(
    party: RelyingParty, challenge: bytes, user_handle: bytes, email: str, existing: Iterable[Passkey]
) -> dict[str, Any]:
    """A discoverable credential if possible, verified by the authenticator if possible, no attestation.

    An authenticator that holds one of the `existing` passkeys makes no second one.
    """
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=user_handle,
        user_name=email,
        challenge=challenge,
        timeout=PASSKEY_CHALLENGE_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[_descriptor(passkey) for passkey in existing],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def sign_in_options(party: RelyingParty, challenge: bytes) -> dict[str, Any]:
    """For any discoverable credential, with verification of the person: they reveal nobody's passkeys."""
    return _request(party, challenge, UserVerificationRequirement.REQUIRED, ())


def second_factor_options(party: RelyingParty, challenge: bytes, existing: Iterable[Passkey]) -> dict[str, Any]:
    """For one of the `existing` passkeys; the password has verified the person."""
    return _request(party, challenge, UserVerificationRequirement.PREFERRED, existing)


def _request(
    party: RelyingParty, challenge: bytes, verification: UserVerificationRequirement, allowed: Iterable[Passkey]
) -> dict[str, Any]:
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=PASSKEY_CHALLENGE_MS,
        allow_credentials=[_descriptor(passkey) for passkey in allowed],
        user_verification=verification,
    )
    return options_to_json_dict(options)


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(one) for one in passkey.transports.split()]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports)
