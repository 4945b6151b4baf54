"""The SQL condition of a filter (RFC 7644 §3.4.2.2). No comparison is NULL, so `not` and `ne` mean what they say."""

from collections.abc import Callable, Mapping
from string import ascii_uppercase
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, true

from linkxg.clock import LATEST_MS, read_rfc3339
from linkxg.identity.accounts.store import users
from linkxg.identity.scim.filter_model import Both, Comparison, Either, Filter, Negation
from linkxg.identity.scim.user_store import scim_users

Condition = ColumnElement[bool]
_LOWER = {ord(upper): upper.lower() for upper in ascii_uppercase}
_ORDERED: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
}
_MATCHED: Mapping[str, Callable[[Any, str], Any]] = {
    "co": lambda column, value: column.contains(value, autoescape=True),
    "sw": lambda column, value: column.startswith(value, autoescape=True),
    "ew": lambda column, value: column.endswith(value, autoescape=True),
}
_EXACT: Mapping[str, ColumnElement[Any]] = {"id": users.c.id, "externalid": scim_users.c.external_id}
_CASELESS: Mapping[str, ColumnElement[Any]] = {
    "displayname": scim_users.c.display_name,
    "name.formatted": scim_users.c.formatted,
    "name.givenname": scim_users.c.given_name,
    "name.familyname": scim_users.c.family_name,
}
_TIMES: Mapping[str, ColumnElement[Any]] = {
    "meta.created": users.c.created_at,
    "meta.lastmodified": func.coalesce(scim_users.c.updated_at, users.c.created_at),
}


def condition_of(found: Filter) -> Condition | None:
    """The SQL condition of a filter; None if an attribute, operator or value is not supported."""
    if isinstance(found, Negation):
        inner = condition_of(found.inner)
        return None if inner is None else not_(inner)
    if isinstance(found, Both | Either):
        left, right = condition_of(found.left), condition_of(found.right)
        if left is None or right is None:
            return None
        return and_(left, right) if isinstance(found, Both) else or_(left, right)
    if found.operator == "ne":
        equal = _compare(found._replace(operator="eq"))
        return None if equal is None else not_(equal)
    return _compare(found)


def _compare(asked: Comparison) -> Condition | None:
    name, operator, value = asked
    if name == "username":
        return _compare_user_name(operator, value)
    if name == "active":
        return _compare_active(operator, value)
    if name in ("roles", "roles.value"):
        return _compare_role(operator, value)
    if name in _TIMES:
        return _compare_time(_TIMES[name], operator, value)
    column = _EXACT.get(name, _CASELESS.get(name))
    if column is None:
        return None
    if operator == "pr":
        return column.is_not(None)
    if value is None and operator == "eq":
        return column.is_(None)
    if not isinstance(value, str):
        return None
    if name in _EXACT:
        return and_(column.is_not(None), column == value) if operator == "eq" else None
    # Both sides by the database, whose lower case may be that of ASCII alone.
    lowered, given = func.lower(column), func.lower(literal(value))
    if operator == "eq":
        return and_(column.is_not(None), lowered == given)
    if operator in _MATCHED:
        return and_(column.is_not(None), _MATCHED[operator](lowered, value.translate(_LOWER)))
    return None


def _compare_user_name(operator: str, value: object) -> Condition | None:
    if operator == "pr":
        return true()
    if not isinstance(value, str):
        return None
    given = value.translate(_LOWER)
    if operator == "eq":
        return users.c.email_key == given
    return _MATCHED[operator](users.c.email_key, given) if operator in _MATCHED else None


def _compare_active(operator: str, value: object) -> Condition | None:
    if operator == "pr":
        return true()
    # Some identity providers quote it.
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    if operator != "eq" or not isinstance(value, bool):
        return None
    return users.c.disabled.is_(not value)


def _compare_role(operator: str, value: object) -> Condition | None:
    if operator == "pr":
        return true()
    if operator != "eq" or not isinstance(value, str):
        return None
    return users.c.role == value.upper() if value.isascii() else false()


def _compare_time(column: ColumnElement[Any], operator: str, value: object) -> Condition | None:
    if operator == "pr":
        return true()
    at = read_rfc3339(value) if isinstance(value, str) else None
    if at is None or operator not in _ORDERED or not 0 <= at <= LATEST_MS:
        return None
    condition: Condition = _ORDERED[operator](column, at)
    return condition
