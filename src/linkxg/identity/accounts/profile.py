"""The name, language and time zone of a person, which they set themselves."""

import re
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.errors import NotFound, ValidationFailed
from linkxg.identity.accounts import store
from linkxg.identity.accounts.names import canonical_name, rule
from linkxg.identity.authorization.write_as import write_as

MAX_NAME, MAX_LANGUAGE, MAX_ZONE = 120, 35, 64
LANGUAGE_PATTERN = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"
_LANGUAGE = re.compile(LANGUAGE_PATTERN, re.ASCII)


async def change_profile(
    database: Database,
    actor: Actor,
    account_id: str,
    user_id: str,
    *,
    name: str | UnsetType | None = UNSET,
    language: str | UnsetType | None = UNSET,
    time_zone: str | UnsetType | None = UNSET,
) -> None:
    """Null deletes a value. Raises ValidationFailed for every invalid value at once."""
    wanted = {"name": name, "language": language, "time_zone": time_zone}
    given: dict[str, Any] = {field: value for field, value in wanted.items() if value is not UNSET}
    if faults := _faults(given):
        raise ValidationFailed(details=faults)
    given = {field: _canonical(field, value) for field, value in given.items()}

    def unit(conn: Connection) -> bool:
        user = store.find_user(conn, account_id, user_id)
        if user is None:
            return False
        changed = {field: value for field, value in given.items() if getattr(user, field) != value}
        if changed:
            store.update_profile(conn, account_id, user_id, changed)
            audit.record(conn, account_id, actor, "user.profile_changed", user_id, changed)
        return True

    if not await write_as(database, actor, unit):
        raise NotFound


def check_person_name(name: str) -> str:
    """The name as it is stored. Raises ValidationFailed unless it is one line of 1 to 120 printable characters."""
    if faults := _faults({"name": name}):
        raise ValidationFailed(faults[0]["message"], details=faults)
    return str(_canonical("name", name))


def valid_value(field: Literal["name", "language", "time_zone"], value: str) -> str | None:
    """The value as it is stored, for a caller that leaves out what is not valid; then None."""
    return None if _faults({field: value}) else _canonical(field, value)


def _faults(given: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"field": field, "code": "invalid", "message": _MESSAGES[field]}
        for field, names in (("name", "name"), ("language", "language"), ("timeZone", "time_zone"))
        if (value := given.get(names)) is not None and not _CHECKS[field](value)
    ]


def _is_name(text: str) -> bool:
    return canonical_name(text, MAX_NAME) is not None


def _is_language(text: str) -> bool:
    return _LANGUAGE.fullmatch(text) is not None


def _is_zone(text: str) -> bool:
    return text in time_zones()


_CHECKS = {"name": _is_name, "language": _is_language, "timeZone": _is_zone}
_MESSAGES = {
    "name": rule(MAX_NAME),
    "language": "A language is a tag of BCP 47 such as de or pt-BR.",
    "timeZone": "Unknown time zone; use a name of the IANA database, such as Europe/Berlin.",
}


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA database on this machine, without those that mean no zone."""
    return frozenset(name for name in available_timezones() if len(name) <= MAX_ZONE) - {"localtime", "Factory"}


async def list_chosen_time_zones(database: Database, account_id: str) -> list[str]:
    """Up to eight that people of the account have chosen, the most frequent first."""
    return await database.read_single(store.list_time_zones, account_id, 8)


def _canonical(field: str, value: str | None) -> str | None:
    """A name in NFC without spaces around it; a language in the case of RFC 5646 §2.1.1."""
    if value is None or field == "time_zone":
        return value
    if field == "name":
        return canonical_name(value, MAX_NAME)
    language, *others = value.split("-")
    return "-".join([language.lower(), *(one.title() if len(one) == 4 else one.upper() for one in others)])
