"""A person as a SCIM User (RFC 7643 §4.1), and the tokens of an account's identity provider."""

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from linkxg.identity.accounts.roles import Role

CORE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
MAX_TEXT = 200
MAX_EXTERNAL_ID = 255
MAX_EMAILS = 10
MAX_EMAIL_TYPE = 40
MAX_TOKENS = 2
"""Live tokens of an account: the second one is for a rotation."""
MAX_TOKEN_NAME = 100


class Email(msgspec.Struct, omit_defaults=True):
    """A value of `emails`; it is kept for the identity provider, and used for nothing."""

    value: str
    type: str | None = None
    primary: bool = False


class UserFields(msgspec.Struct):
    """What a client may write. `active` and `role` are None where it says nothing about them.

    `language`, `locale` and `time_zone` are UNSET where it says nothing, and None where it removes them.
    """

    user_name: str = ""
    external_id: str | None = None
    formatted: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    display_name: str | None = None
    emails: list[Email] = []
    active: bool | None = None
    role: Role | None = None
    language: str | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    time_zone: str | UnsetType | None = UNSET


class ScimUser(msgspec.Struct, frozen=True):
    """A person of the account with what their identity provider said; times in milliseconds."""

    id: str
    email: str
    role: Role
    disabled: bool
    created_at: int
    external_id: str | None
    formatted: str | None
    given_name: str | None
    family_name: str | None
    display_name: str | None
    emails: str | None
    updated_at: int | None
    name: str | None
    language: str | None
    time_zone: str | None


class ScimToken(msgspec.Struct, frozen=True):
    """A row of `scim_tokens`, without its digest; times in milliseconds."""

    id: str
    name: str
    hint: str
    created_at: int
    created_by: str
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None


class ScimTokenView(msgspec.Struct, rename="camel"):
    """A token of the account's identity provider; never the token itself."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"name": "Entra ID", "hint": "…x7Qk"}

    id: str
    name: str
    hint: str
    created_at: str
    created_by: str
    expires_at: str | None
    last_used_at: str | None


class CreatedScimToken(msgspec.Struct, rename="camel"):
    """`token` is shown this once; `baseUrl` is the address to configure in the identity provider."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Entra ID",
        "hint": "…x7Qk",
        "token": "lxgscm_4fK...",
        "baseUrl": "https://api.linkxg.com/scim/v2",
    }

    id: str
    name: str
    hint: str
    created_at: str
    created_by: str
    expires_at: str | None
    last_used_at: str | None
    token: str
    base_url: str
