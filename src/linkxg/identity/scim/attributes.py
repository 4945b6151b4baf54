"""Reads the attributes of a User from a body (RFC 7643 §4.1), and writes the User as a resource.

Names are case-insensitive, as are roles. Attributes that are not kept are ignored, `password` among them.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from linkxg.clock import rfc3339
from linkxg.errors import InvalidRequest
from linkxg.identity.accounts.model import MAX_EMAIL, email_key
from linkxg.identity.accounts.roles import EVERYONE, RANK, Role
from linkxg.identity.scim.model import (
    CORE_SCHEMA,
    MAX_EMAIL_TYPE,
    MAX_EMAILS,
    MAX_EXTERNAL_ID,
    MAX_TEXT,
    Email,
    ScimUser,
    UserFields,
)
from linkxg.identity.scim.person_profile import read_language, read_time_zone
from linkxg.identity.scim.scim_errors import InvalidValue

PROFILE: dict[str, tuple[str, Callable[[object], str | None]]] = {
    "preferredlanguage": ("language", read_language),
    "locale": ("locale", read_language),
    "timezone": ("time_zone", read_time_zone),
}
NAME_PARTS = {"formatted": "formatted", "givenname": "given_name", "familyname": "family_name"}
_KEPT = frozenset(
    {
        "username", "externalid", "displayname", "name", "emails", "active", "roles", "preferredlanguage", "locale",
        "timezone",
    }
)  # fmt: skip
DEFAULT_ROLE: Role = "MEMBER"


def folded(value: object) -> dict[str, Any]:
    """The members of a complex value by their names in lower case. Raises InvalidValue for another type."""
    if not isinstance(value, dict):
        raise InvalidValue
    members = {name.lower(): member for name, member in value.items()}
    if len(members) != len(value):
        raise InvalidValue("An attribute is repeated.")
    return members


def read_user(body: Mapping[str, Any]) -> UserFields:
    """The fields of a whole resource, by lower-case names. Raises InvalidValue."""
    fields = UserFields()
    for name, value in body.items():
        if name in _KEPT:
            set_attribute(fields, name, value)
    if not fields.user_name:
        raise InvalidValue("The attribute userName is required.")
    return fields


def set_attribute(fields: UserFields, name: str, value: object) -> None:
    """Replace one attribute, by its lower-case name; null and empty values remove it. Raises InvalidValue."""
    if name == "username":
        fields.user_name = read_user_name(value)
    elif name == "externalid":
        fields.external_id = read_text(value, "externalId", MAX_EXTERNAL_ID)
    elif name == "displayname":
        fields.display_name = read_text(value, "displayName")
    elif name == "name":
        parts = folded(value or {})
        for part, field in NAME_PARTS.items():
            setattr(fields, field, read_text(parts.get(part), "name"))
    elif name == "emails":
        fields.emails = read_emails(value)
    elif name == "active":
        fields.active = None if value is None else read_boolean(value, "active")
    elif name == "roles":
        fields.role = read_role(value)
    elif name in PROFILE:
        field, read = PROFILE[name]
        stated = read(value)
        if stated is not None or value in (None, ""):
            setattr(fields, field, stated)


def read_user_name(value: object) -> str:
    """An e-mail address, in the form in which it was sent."""
    if not isinstance(value, str):
        raise InvalidValue("The attribute userName is required.")
    try:
        email_key(value)
    except InvalidRequest:
        raise InvalidValue("The attribute userName must be an e-mail address.") from None
    return value


def read_text(value: object, name: str, longest: int = MAX_TEXT) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise InvalidValue(f"The attribute {name} must be one line of at most {longest} characters.")
    return value


def read_boolean(value: object, name: str) -> bool:
    """True and false, also as the strings that Entra ID sends."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise InvalidValue(f"The attribute {name} must be true or false.")


def read_emails(value: object) -> list[Email]:
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    if len(values) > MAX_EMAILS:
        raise InvalidValue(f"The attribute emails has at most {MAX_EMAILS} values.")
    return [email for one in values if (email := read_email(one)) is not None]


def read_email(value: object) -> Email | None:
    """None for a value without an address."""
    members = folded({"value": value} if isinstance(value, str) else value)
    address = read_text(members.get("value"), "emails", MAX_EMAIL)
    kind = read_text(members.get("type"), "emails.type", MAX_EMAIL_TYPE)
    primary = members.get("primary")
    if address is None:
        return None
    return Email(address, kind, primary is not None and read_boolean(primary, "emails.primary"))


def read_role(value: object) -> Role | None:
    """The highest of the roles; None without any."""
    if value is None:
        return None
    names = []
    for one in value if isinstance(value, list) else [value]:
        name = one if isinstance(one, str) else folded(one).get("value")
        role = next((role for role in EVERYONE if isinstance(name, str) and name.upper() == role), None)
        if role is None:
            raise InvalidValue("A role is one of ADMIN, MEMBER and VIEWER.")
        names.append(role)
    return max(names, key=RANK.__getitem__, default=None)


def fields_of(user: ScimUser) -> UserFields:
    """The stored attributes, as the start of a PATCH."""
    return UserFields(
        user_name=user.email,
        external_id=user.external_id,
        formatted=user.formatted,
        given_name=user.given_name,
        family_name=user.family_name,
        display_name=user.display_name,
        emails=emails_of(user),
        active=not user.disabled,
        role=user.role,
    )


def emails_of(user: ScimUser) -> list[Email]:
    """Those that the identity provider sent."""
    return msgspec.json.decode(user.emails, type=list[Email]) if user.emails else []


def resource_of(user: ScimUser, base_url: str) -> dict[str, Any]:
    """The User as JSON (RFC 7643 §8.2); `meta.version` is the ETag."""
    name = {"formatted": user.formatted, "givenName": user.given_name, "familyName": user.family_name}
    resource: dict[str, Any] = {
        "schemas": [CORE_SCHEMA],
        "id": user.id,
        "externalId": user.external_id,
        "userName": user.email,
        "name": {part: text for part, text in name.items() if text is not None} or None,
        "displayName": user.display_name,
        "preferredLanguage": user.language,
        "timezone": user.time_zone,
        "emails": [_email_value(email) for email in emails_of(user)] or None,
        "active": not user.disabled,
        "roles": [{"value": user.role, "primary": True}],
    }
    resource = {attribute: value for attribute, value in resource.items() if value is not None}
    resource["meta"] = {
        "resourceType": "User",
        "created": rfc3339(user.created_at),
        "lastModified": rfc3339(max(user.updated_at or 0, user.created_at)),
        "location": f"{base_url}/Users/{user.id}",
        "version": etag_of(user),
    }
    return resource


def etag_of(user: ScimUser) -> str:
    """A strong entity tag of everything that the resource shows, and of the person's name."""
    return f'"{hashlib.sha256(msgspec.json.encode(user)).hexdigest()[:32]}"'


def _email_value(email: Email) -> dict[str, Any]:
    return {"value": email.value, **({"type": email.type} if email.type else {}), "primary": email.primary}
