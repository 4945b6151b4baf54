"""A person's name, language and time zone as their identity provider states them (RFC 7643 §4.1).

What is not valid is left out: a person is provisioned, and above all disabled, whatever their time zone is called.
"""

from typing import Any

from msgspec import UNSET

from linkxg.identity.accounts.profile import valid_value
from linkxg.identity.scim.model import ScimUser, UserFields


def read_language(value: object) -> str | None:
    """The first valid tag of a value like that of Accept-Language (RFC 9110 §12.5.4); `en_US` is `en-US`."""
    if not isinstance(value, str):
        return None
    tags = (part.partition(";")[0].strip().replace("_", "-") for part in value.split(","))
    return next((tag for one in tags if (tag := valid_value("language", one)) is not None), None)


def read_time_zone(value: object) -> str | None:
    """A name of the IANA database."""
    return valid_value("time_zone", value) if isinstance(value, str) else None


def shown_name(said: UserFields | ScimUser) -> str | None:
    """`displayName`, else `name.formatted`, else given and family name: the first that can be a person's name."""
    parts = " ".join(part for part in (said.given_name, said.family_name) if part)
    candidates = (said.display_name, said.formatted, parts)
    return next((name for one in candidates if one and (name := valid_value("name", one)) is not None), None)


def stated_profile(fields: UserFields, user: ScimUser | None = None) -> dict[str, Any]:
    """What of the person's profile becomes another by these fields; `user` is the person as they are.

    A name that the person has chosen stays until the identity provider sends another one.
    """
    language = fields.locale if fields.language is UNSET else fields.language
    stated: dict[str, Any] = {"language": language, "time_zone": fields.time_zone}
    name, before = shown_name(fields), shown_name(user) if user else None
    if name is not None and (name != before or user is None or user.name is None):
        stated["name"] = name
    elif name is None and user is not None and user.name == before:
        stated["name"] = None
    return {
        field: value
        for field, value in stated.items()
        if value is not UNSET and value != (getattr(user, field) if user else None)
    }
