"""PATCH operations (RFC 7644 §3.5.2), as identity providers send them.

Entra ID capitalises `op`, sends booleans as strings, and dotted names in a value without a path.
"""

import re
from typing import Any, Literal, NamedTuple

from linkxg.identity.scim.attributes import (
    DEFAULT_ROLE,
    NAME_PARTS,
    PROFILE,
    folded,
    read_boolean,
    read_email,
    read_emails,
    read_role,
    read_text,
    set_attribute,
)
from linkxg.identity.scim.filter_model import Both, Comparison, Either, Filter, Negation
from linkxg.identity.scim.filters import parse_filter
from linkxg.identity.scim.model import (
    CORE_SCHEMA,
    ENTERPRISE_SCHEMA,
    MAX_EMAIL_TYPE,
    MAX_EMAILS,
    PATCH_SCHEMA,
    Email,
    UserFields,
)
from linkxg.identity.scim.scim_errors import (
    InvalidFilter,
    InvalidPath,
    InvalidValue,
    NoTarget,
    ReadOnlyAttribute,
    ScimError,
)

MAX_OPERATIONS = 50
"""Of a request, with each member of a value without a path counted as one."""
MAX_SELECTIONS, MAX_COMPARISONS = 4_000, 50
"""Characters and comparisons of all filters in the paths of a request."""
_PATH = re.compile(r"([a-zA-Z$][\w$-]*)(?:\[(.*)\])?(?:\.([a-zA-Z$][\w$-]*))?", re.DOTALL)
_SIMPLE = frozenset({"username", "externalid", "displayname", "active", *PROFILE})
_READ_ONLY = frozenset({"id", "meta", "groups"})
_IGNORED = frozenset(
    {
        "schemas", "nickname", "profileurl", "title", "usertype", "password", "phonenumbers", "ims", "photos",
        "addresses", "entitlements", "x509certificates",
    }
)  # fmt: skip
"""Attributes of RFC 7643 §4.1 that are not kept; clients send them all the same."""
_IGNORED_NAME_PARTS = frozenset({"middlename", "honorificprefix", "honorificsuffix"})


class Path(NamedTuple):
    """`attribute[selection].part`, in lower case."""

    attribute: str
    selection: Filter | None
    part: str


class Operation(NamedTuple):
    """`path` is None of an attribute that is not kept."""

    op: Literal["add", "replace", "remove"]
    path: Path | None
    value: Any


def list_operations(body: Any) -> list[Any]:
    """The operations as they were sent. Raises ScimError for what is no PATCH."""
    members = folded(body)
    schemas, listed = members.get("schemas"), members.get("operations")
    if not isinstance(schemas, list) or PATCH_SCHEMA not in schemas:
        raise ScimError(f"The member schemas must contain {PATCH_SCHEMA}.")
    if not isinstance(listed, list) or not listed:
        raise ScimError("The member Operations must be a list of operations.")
    return listed


def read_operations(listed: list[Any]) -> list[Operation]:
    """One for each attribute. Raises ScimError."""
    found: list[tuple[Literal["add", "replace", "remove"], str, Any]] = []
    for one in listed:
        op, path, value = _read_operation(one)
        found.extend([(op, path, value)] if path else [(op, name, member) for name, member in folded(value).items()])
        if len(found) > MAX_OPERATIONS:
            raise ScimError(f"A PATCH changes at most {MAX_OPERATIONS} attributes.")
    texts = [_PATH.fullmatch(_unprefixed(path)) for _, path, _ in found]
    if sum(len(text[2] or "") for text in texts if text) > MAX_SELECTIONS:
        raise InvalidPath(f"The filters of a PATCH have at most {MAX_SELECTIONS} characters in all.")
    operations = [Operation(op, _read_path(path), value) for op, path, value in found]
    selections = [one.path.selection for one in operations if one.path and one.path.selection]
    if sum(map(_count_comparisons, selections)) > MAX_COMPARISONS:
        raise InvalidPath(f"The filters of a PATCH have at most {MAX_COMPARISONS} comparisons in all.")
    return operations


def _read_operation(one: Any) -> tuple[Literal["add", "replace", "remove"], str, Any]:
    """`op`, `path` and `value`; the path is empty where the value names the attributes."""
    members = folded(one)
    op, path = members.get("op"), members.get("path")
    if not isinstance(op, str) or (word := op.lower()) not in ("add", "replace", "remove"):
        raise ScimError("The member op of an operation is add, replace or remove.")
    if path is not None and not isinstance(path, str):
        raise InvalidPath
    if word == "remove":
        if not path:
            raise NoTarget("A remove operation needs a path.")
        return "remove", path, members.get("value")
    if "value" not in members:
        raise InvalidValue("An add or replace operation needs a value.")
    return "add" if word == "add" else "replace", path or "", members["value"]


def apply_operations(fields: UserFields, operations: list[Operation]) -> None:
    """Change the fields in place, one operation after the other. Raises ScimError; nothing is written then."""
    for op, path, value in operations:
        _apply(fields, op, path, value)
    if not fields.user_name:
        raise InvalidValue("The attribute userName is required.")


def _apply(fields: UserFields, op: str, path: Path | None, value: Any) -> None:
    if path is None or path.attribute in _IGNORED:
        return
    name, selection, part = path
    if name in _READ_ONLY:
        raise ReadOnlyAttribute(f"The attribute {name} is read-only.")
    if name == "emails":
        _apply_emails(fields, op, selection, part, value)
    elif name == "roles":
        _apply_role(fields, op, path, value)
    elif selection is not None:
        raise InvalidPath
    elif name == "name":
        _apply_name(fields, op, part, value)
    elif name not in _SIMPLE or part:
        raise InvalidPath
    elif op == "remove" and name in ("username", "active"):
        raise InvalidValue("This attribute cannot be removed.")
    else:
        set_attribute(fields, name, None if op == "remove" else value)


def _read_path(text: str) -> Path | None:
    """None of an attribute of the enterprise extension, which is not kept. Raises InvalidPath."""
    if text.lower().startswith(ENTERPRISE_SCHEMA.lower()):
        return None
    match = _PATH.fullmatch(_unprefixed(text))
    if match is None:
        raise InvalidPath
    try:
        selection = None if match[2] is None else parse_filter(match[2])
    except InvalidFilter:
        raise InvalidPath from None
    return Path(match[1].lower(), selection, (match[3] or "").lower())


def _unprefixed(text: str) -> str:
    """A path without the URN of the core schema."""
    return text[len(CORE_SCHEMA) + 1 :] if text.lower().startswith(f"{CORE_SCHEMA.lower()}:") else text


def _count_comparisons(selection: Filter) -> int:
    if isinstance(selection, Both | Either):
        return _count_comparisons(selection.left) + _count_comparisons(selection.right)
    return _count_comparisons(selection.inner) if isinstance(selection, Negation) else 1


def _apply_name(fields: UserFields, op: str, part: str, value: Any) -> None:
    if part in _IGNORED_NAME_PARTS:
        return
    if part:
        if part not in NAME_PARTS:
            raise InvalidPath
        setattr(fields, NAME_PARTS[part], None if op == "remove" else read_text(value, "name"))
    elif op == "remove":
        set_attribute(fields, "name", None)
    else:
        # Both add and replace keep the parts that the value leaves out (RFC 7644 §3.5.2.3).
        for name, text in folded(value).items():
            if name in NAME_PARTS:
                setattr(fields, NAME_PARTS[name], read_text(text, "name"))


def _apply_role(fields: UserFields, op: str, path: Path, value: Any) -> None:
    if path.part not in ("", "value", "primary", "type", "display"):
        raise InvalidPath
    if op == "remove":
        if path.selection is None or _matches(path.selection, {"value": fields.role, "primary": True}):
            # Of a Viewer the default role would be a promotion.
            fields.role = "VIEWER" if fields.role == "VIEWER" else DEFAULT_ROLE
        return
    if path.part in ("primary", "type", "display"):
        return
    role = read_role(value)
    if role is None:
        raise InvalidValue("A role is one of ADMIN, MEMBER and VIEWER.")
    fields.role = role


def _apply_emails(fields: UserFields, op: str, selection: Filter | None, part: str, value: Any) -> None:
    if part not in ("", "value", "type", "primary", "display"):
        raise InvalidPath
    if selection is None:
        if part:
            raise InvalidPath("Select a value of emails, as in emails[type eq work].value.")
        if op == "add":
            added = read_emails(value)
            fields.emails = _kept_primary([one for one in fields.emails if one not in added], added)
        else:
            fields.emails = [] if op == "remove" else read_emails(value)
    else:
        _apply_to_selected(fields, op, selection, part, value)
    if len(fields.emails) > MAX_EMAILS:
        raise InvalidValue(f"The attribute emails has at most {MAX_EMAILS} values.")


def _kept_primary(stored: list[Email], added: list[Email]) -> list[Email]:
    """An added primary value takes the place of the primary one (RFC 7644 §3.5.2.1)."""
    if any(one.primary for one in added):
        stored = [Email(one.value, one.type) for one in stored]
    return stored + added


def _apply_to_selected(fields: UserFields, op: str, selection: Filter, part: str, value: Any) -> None:
    selected = [
        one
        for one in fields.emails
        if _matches(selection, {"value": one.value, "type": one.type, "primary": one.primary})
    ]
    if op == "remove":
        if not part or part == "value":
            fields.emails = [one for one in fields.emails if one not in selected]
        return
    if not selected:
        if op == "replace":
            raise NoTarget
        # Entra ID adds the value of a type that is not there yet.
        if isinstance(selection, Comparison) and selection.attribute == "type" and isinstance(selection.value, str):
            kind = read_text(selection.value, "emails.type", MAX_EMAIL_TYPE)
            members = {part: value} if part else folded(value)
            added = read_email({"type": kind, **members})
            fields.emails = _kept_primary(fields.emails, [] if added is None else [added])
            return
        raise NoTarget
    members = {part: value} if part else folded(value)
    changed = {id(one): _merged(one, members) for one in selected}
    fields.emails = [new for one in fields.emails if (new := changed.get(id(one), one)) is not None]


def _merged(email: Email, members: dict[str, Any]) -> Email | None:
    primary = members.get("primary", email.primary)
    return read_email(
        {
            "value": members.get("value", email.value),
            "type": members.get("type", email.type),
            "primary": read_boolean(primary, "emails.primary"),
        }
    )


def _matches(selection: Filter, value: dict[str, Any]) -> bool:
    if isinstance(selection, Both):
        return _matches(selection.left, value) and _matches(selection.right, value)
    if isinstance(selection, Either):
        return _matches(selection.left, value) or _matches(selection.right, value)
    if isinstance(selection, Negation):
        return not _matches(selection.inner, value)
    if selection.attribute not in value:
        raise InvalidPath
    stored = value[selection.attribute]
    if selection.operator == "pr":
        return stored is not None
    is_equal = _text(stored) == _text(selection.value)
    if selection.operator in ("eq", "ne"):
        return is_equal == (selection.operator == "eq")
    raise InvalidPath


def _text(value: Any) -> str:
    """Compared without case, and booleans as the strings that Entra ID sends."""
    return str(value).lower()
