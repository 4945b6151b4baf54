"""An account and the people in it."""

import re
from string import ascii_uppercase
from typing import Any, ClassVar

import msgspec

from linkxg.errors import InvalidRequest
from linkxg.identity.accounts.authentication_policy import Requirement
from linkxg.identity.accounts.names import ENCODED_WORD, is_name
from linkxg.identity.accounts.roles import Role
from linkxg.runtime.normal_form import has_run_of_marks, normalize

_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@[^\s@\"(),:;<>\[\]\\]+\.?[^\s@\"(),:;<>\[\]\\]+")
NO_PASSWORD = ""
"""The hash that no password matches."""
MAX_EMAIL = 254
MAX_ACCOUNT_NAME = 200
"""Characters of the name of an account."""
_LOWER = {ord(upper): upper.lower() for upper in ascii_uppercase}


class AccountView(msgspec.Struct, rename="camel"):
    """An account as its people see it.

    `security_contact` gets the security notices in addition to the Owners. A secret of a client that is created
    without an expiry expires after `client_lifetime_days`; never, if that is null.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Acme GmbH",
        "slug": "acme-gmbh",
        "gln": "4012345000009",
        "securityContact": "security@example.com",
        "clientLifetimeDays": 365,
        "mfaRequirement": "NONE",
    }

    id: str
    name: str
    slug: str
    gln: str | None
    security_contact: str | None
    client_lifetime_days: int | None
    created_at: str
    mfa_requirement: Requirement
    mfa_required_from: str | None
    step_up_minutes: int | None


class UserView(msgspec.Struct, rename="camel"):
    """A person as the account's Owners and Admins see them; `name` is null until they choose one.

    `second_factor` tells whether they have one. Without a password (`has_password`), as after SCIM or single sign-on,
    they sign in by single sign-on, or choose a password by a link.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Ada Weaver"}

    id: str
    email: str
    name: str | None
    role: Role
    disabled: bool
    created_at: str
    second_factor: bool
    has_password: bool


class Invited(msgspec.Struct, rename="camel"):
    """An invitation; `link` is returned once, and only when it was not mailed.

    `replaced` says whether an earlier invitation of the address has ended with it: its link no longer works.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "mailed": False,
        "replaced": False,
        "link": "https://api.linkxg.com/invitations/...",
    }

    id: str
    email: str
    role: Role
    expires_at: str
    mailed: bool
    replaced: bool
    link: str | None


class User(msgspec.Struct, frozen=True):
    """A row of `users`. `epoch` grows whenever the person's permissions are reduced."""

    id: str
    account_id: str
    email: str
    role: Role
    password_hash: str
    disabled: bool
    epoch: int
    created_at: int
    has_second_factor: bool = False
    name: str | None = None
    language: str | None = None
    time_zone: str | None = None


def check_account_name(name: str) -> None:
    """Raises InvalidRequest unless it is one line of 1 to 200 printable characters: it is the subject of a mail."""
    if not is_name(name, MAX_ACCOUNT_NAME):
        raise InvalidRequest(
            f"An account name must be one line of 1 to {MAX_ACCOUNT_NAME} characters without control characters "
            f'and without "{ENCODED_WORD}".'
        )


def email_key(email: str) -> str:
    """The unique key of an e-mail address: NFC, ASCII lower case, never trimmed. Raises InvalidRequest.

    The domain is in ASCII (RFC 5891, mapped by UTS #46), as browsers send it from a field of type email.
    """
    return deliverable(email).translate(_LOWER)


def is_email(text: str) -> bool:
    """Whether `email_key` accepts it."""
    try:
        email_key(text)
    except InvalidRequest:
        return False
    return True


def deliverable(email: str) -> str:
    """The address as mail servers accept it: its domain in ASCII. Raises InvalidRequest."""
    text = normalize("NFC", email)
    local, _, domain = text.rpartition("@")
    if not domain.isascii() and len(text) <= MAX_EMAIL:
        # Imported only for the few addresses that need it.
        import idna

        try:
            text = f"{local}@{idna.encode(domain, uts46=True).decode()}"
        except idna.IDNAError:
            text = ""
    # With an empty label the domain is not valid, or (a final dot) a second name of the same mailbox.
    has_domain = all(text.rpartition("@")[2].split("."))
    is_one_address = _EMAIL.fullmatch(text) and has_domain and text.isprintable() and ENCODED_WORD not in text
    if len(text) > MAX_EMAIL or has_run_of_marks(text) or not is_one_address:
        raise InvalidRequest("The field email is not a valid e-mail address.")
    return text
