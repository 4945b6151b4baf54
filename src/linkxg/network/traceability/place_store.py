"""Reads the names that an account's own events give places (`cbvmda:name` of a bizLocation or readPoint)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, select

from linkxg.network.epcis.documents.contexts import STANDARD_PREFIXES
from linkxg.network.epcis.documents.values import field_name
from linkxg.network.epcis.events.store import event_values, events

LATEST = 20
"""Events of a place among which its name is looked for: the newest, so that a place of many events costs no more."""
_e, _v = events.c, event_values.c


def _name_of(place: Column[str], member: str) -> Select[Any]:
    name = f"{member}_{field_name(STANDARD_PREFIXES['cbvmda'], 'name')}"
    newest = (
        select(_e.id, _e.event_time)
        .where(_e.account_id == bindparam("account"), place == bindparam("place"))
        .order_by(_e.event_time.desc(), _e.id.desc())
        .limit(LATEST)
        .subquery()
    )
    found = select(_v.text).join(newest, newest.c.id == _v.event_id)
    found = found.where(_v.account_id == bindparam("account"), _v.name == name, _v.text.is_not(None))
    return found.order_by(newest.c.event_time.desc(), newest.c.id.desc(), _v.position).limit(1)


_NAMES = (_name_of(_e.biz_location, "bizLocation"), _name_of(_e.read_point, "readPoint"))


def list_place_names(conn: Connection, account_id: str, places: Iterable[str]) -> dict[str, str]:
    """By URI: the newest name that an event gives the place where its items are then, else that where it happened."""
    found: dict[str, str] = {}
    for place in places:
        given = (conn.execute(one, {"account": account_id, "place": place}).scalar() for one in _NAMES)
        if name := next((text for text in given if text and text.strip()), None):
            found[place] = name
    return found
