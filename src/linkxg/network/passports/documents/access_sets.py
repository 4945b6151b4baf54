"""The sets of roles that may read the fields of a passport.

A field without one is public. `restricted` is the earlier name of `legitimateInterest`.
"""

from collections.abc import Mapping
from typing import Any, cast

from linkxg.network.passports.documents.model import EVERYTHING, PUBLIC, PassportRole, Roles

_ALIASES: dict[str, PassportRole] = {"restricted": "legitimateInterest"}
_GRANTED = EVERYTHING - {"owner"}


def access_set(access: str | list[str] | None) -> Roles:
    """The set that a content declares for a field; of an unknown role nobody but the owner has it."""
    if access is None:
        return PUBLIC
    named = [access] if isinstance(access, str) else access
    return frozenset(cast("PassportRole", _ALIASES.get(name, name)) for name in named) & _GRANTED


def access_sets(content: Mapping[str, Any]) -> dict[str, Roles]:
    """The sets of a content by the path of the field: a member, or `attributes.NAME`."""
    return {path: access_set(access) for path, access in (content.get("access") or {}).items()}


def may_read(roles: Roles, access: Roles) -> bool:
    """Whether the sets meet; the owner reads everything."""
    return "owner" in roles or bool(roles & access)
