"""Every kind of security notice: what happened, and who is told. docs/people.md has the same table."""

from typing import NamedTuple

_OWNERS = "the Owners and the security contact"
_PERSON = "the person"


class NoticeKind(NamedTuple):
    """`name` is what the notices to an address are counted by."""

    name: str
    event: str
    told: str


NEW_PLACE = NoticeKind(
    "new-place",
    "a sign-in from a new place: from a network (/24 of IPv4, /48 of IPv6) or with a kind of program not seen with "
    "this person for 30 days; not the first sign-in of a new person",
    _PERSON,
)
RECOVERY_CODE_USED = NoticeKind(
    "recovery-code-used", "a recovery code was used, with the number of codes that are left", _PERSON
)
PASSWORD_CHANGED = NoticeKind("password-changed", "the password was changed, by its person or by a link", _PERSON)
PASSWORD_LINK_CREATED = NoticeKind(
    "password-link-created", "an Owner, an Admin or the operator made a password link", _PERSON
)
EMAIL_CHANGED = NoticeKind(
    "email-changed",
    "the e-mail address was changed, by its person or by SCIM",
    "the former address; the present one too, unless SCIM changed it",
)
EMAIL_CHANGE_APPROVED = NoticeKind(
    "email-change-approved", "an Owner confirmed a change in place of the present address", "the present address"
)
FACTOR_ADDED = NoticeKind("factor-added", "an authenticator app or a passkey was added", _PERSON)
FACTOR_REMOVED = NoticeKind("factor-removed", "an authenticator app or a passkey was removed", _PERSON)
RECOVERY_CODES_REPLACED = NoticeKind("recovery-codes-replaced", "the recovery codes were replaced", _PERSON)
FACTORS_RESET = NoticeKind("factors-reset", "an Owner removed the second factors of a person", f"{_PERSON}, {_OWNERS}")
ROLE_GIVEN = NoticeKind(
    "role-given",
    "a person became an Owner or Admin: by a change of role, an invitation, single sign-on or SCIM, or enabled again",
    f"{_OWNERS}; an Admin whose role was raised",
)
CLIENT_CREATED = NoticeKind("client-created", "an OAuth client was created", _OWNERS)
SECRET_ROTATED = NoticeKind("secret-rotated", "the secret of an OAuth client was rotated", _OWNERS)
CLIENT_AUTHENTICATION_CHANGED = NoticeKind(
    "client-authentication-changed",
    "a key, a JWKS URI, a trusted workload or a certificate of an OAuth client was added or removed, or its methods, "
    "what its tokens are bound to, its addresses or its right to rotate itself were changed",
    _OWNERS,
)
CONTACT_CHANGED = NoticeKind(
    "security-contact-changed", "the security contact was changed", f"{_OWNERS}, and the former contact"
)
SIGN_IN_RULES_CHANGED = NoticeKind(
    "sign-in-rules-changed",
    "the sign-in rules were changed: who needs a second factor, from when on, or the time of step-up",
    f"{_OWNERS}, and the former contact if the same request changed it",
)
SECRET_LIFETIME_CHANGED = NoticeKind(
    "secret-lifetime-changed",
    "the lifetime of new secrets of OAuth clients was changed",
    f"{_OWNERS}, and the former contact if the same request changed it",
)
PROVIDER_CHANGED = NoticeKind(
    "identity-provider-changed",
    "single sign-on: the identity provider was connected, changed or disconnected",
    _OWNERS,
)
SSO_ONLY_CHANGED = NoticeKind(
    "sso-only-changed",
    "single sign-on only was switched on or off, or other Owners keep their password",
    _OWNERS,
)
IDENTITY_LINKED = NoticeKind(
    "identity-linked",
    "single sign-on: an identity of the provider was linked to a person who was in the account before",
    f"{_PERSON}, {_OWNERS}",
)
DOMAIN_CHANGED = NoticeKind("domain-changed", "single sign-on: an e-mail domain was verified or removed", _OWNERS)
SCIM_TOKEN_CREATED = NoticeKind("scim-token-created", "a SCIM token was created", _OWNERS)
CREDENTIAL_LEAKED = NoticeKind(
    "credential-leaked", "a credential was found in public by a secret scanner, and was revoked", _OWNERS
)
SUBSCRIPTION_CREATED = NoticeKind(
    "subscription-created", "a subscription was created: events are posted to a receiver", _OWNERS
)

KINDS = (
    NEW_PLACE, RECOVERY_CODE_USED, PASSWORD_CHANGED, PASSWORD_LINK_CREATED, EMAIL_CHANGED, EMAIL_CHANGE_APPROVED,
    FACTOR_ADDED, FACTOR_REMOVED, RECOVERY_CODES_REPLACED, FACTORS_RESET, ROLE_GIVEN, CLIENT_CREATED, SECRET_ROTATED,
    CLIENT_AUTHENTICATION_CHANGED, CONTACT_CHANGED, SIGN_IN_RULES_CHANGED, SECRET_LIFETIME_CHANGED,
    PROVIDER_CHANGED, SSO_ONLY_CHANGED, IDENTITY_LINKED, DOMAIN_CHANGED, SCIM_TOKEN_CREATED, CREDENTIAL_LEAKED,
    SUBSCRIPTION_CREATED,
)  # fmt: skip
