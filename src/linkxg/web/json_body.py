"""Strict parsing of JSON bodies into msgspec structs.

Into a msgspec struct, without guessing: right media type, UTF-8 (a byte order mark or UTF-16 is refused), no
member twice, bounded depth and size, no lone surrogate, no control character. Malformed JSON is
`invalid_request`; a well-formed body of the wrong shape is `validation_failed` with details, or
`invalid_request` where the guide's error table rules.
"""

import json
import re
from typing import Any, NoReturn, TypeVar, get_args

import msgspec

from linkxg.errors import InvalidRequest, PublicError, UnsupportedMediaType, ValidationFailed
from linkxg.web.json_number import OUT_OF_RANGE, NumberOutOfRange, read_fraction

T = TypeVar("T")
JSON_LIMIT = 256 * 1024
JSON_TYPES = (b"application/json",)
MERGE_PATCH_TYPE = b"application/merge-patch+json"
MAX_DEPTH = 32
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]*)`")
_INDEX = re.compile(r"\[[0-9]+\]$")
_UNKNOWN = re.compile(r"Object contains unknown field `")


def require_json(content_type: bytes | None, *, oauth_style: bool, types: tuple[bytes, ...] = JSON_TYPES) -> None:
    """Raises UnsupportedMediaType, or InvalidRequest on /auth and /oauth, unless the type is one of `types`."""
    if content_type is not None and content_type.partition(b";")[0].strip().lower() in types:
        return
    raise InvalidRequest(UnsupportedMediaType.text) if oauth_style else UnsupportedMediaType


def refuse_coding(content_encoding: bytes | None, *, oauth_style: bool) -> None:
    """Raises as `require_json` does for a body that is compressed, which would be read as bad text otherwise."""
    if (content_encoding or b"").strip().lower() not in (b"", b"identity"):
        text = "Send the body without a Content-Encoding."
        raise InvalidRequest(text) if oauth_style else UnsupportedMediaType(text)


def read_json(raw: bytes, shape: type[T], *, oauth_style: bool) -> T:
    """`raw` as a `shape`. Raises InvalidRequest or ValidationFailed; never anything else."""
    plain = _read_plain(raw, shape)
    if plain is not None:
        return plain
    value = _parse(raw)
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), shape, oauth_style) from None


def _read_plain(raw: bytes, shape: type[T]) -> T | None:
    """The short way for what most programs send: compact JSON without escapes.

    Encoding the value again must give the very same bytes, so nothing was repeated, dropped or repaired.
    """
    if b"\\" in raw or b"\x7f" in raw or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = msgspec.json.decode(raw, type=shape, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if msgspec.json.encode(value) == raw else None


def _parse(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8", "strict")
        if text.startswith("\ufeff"):
            raise InvalidRequest("The body must be JSON in UTF-8 without a byte order mark.")
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant, parse_float=read_fraction)
    except NumberOutOfRange:
        raise InvalidRequest(OUT_OF_RANGE) from None
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None
    except (ValueError, RecursionError):
        # ValueError also covers integers of thousands of digits, which are no JSONDecodeError.
        raise InvalidRequest("The body is not valid JSON.") from None
    _check_text(value, 0)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidRequest("A member of the JSON body is repeated.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_text(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidRequest("The body is nested too deeply.")
    if isinstance(value, str):
        if _CONTROL.search(value) or not _is_encodable(value):
            raise InvalidRequest("A text contains a control character or a lone surrogate.")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_text(name, depth + 1)
            _check_text(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check_text(member, depth + 1)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refusal(message: str, shape: Any, oauth_style: bool) -> PublicError:
    fault = fault_of(message, shape)
    field, code = fault["field"], fault["code"]
    text = {
        "missing": f"The field {field} is missing.",
        "unknown_field": "The body has a field that is not known here.",
        "invalid": f"The field {field} is not valid." if field else "The body is not valid.",
    }[code]
    return InvalidRequest(text) if oauth_style else ValidationFailed(text, details=[fault])


def fault_of(message: str, shape: Any, at: str = "") -> dict[str, str]:
    """What msgspec says of a value that is no `shape`, as a detail: `field` (with `at` before it), `code`, `message`.

    In the words of the shape alone: names and values that were sent are not repeated, they may be secrets.
    """
    path = _PATH.search(message)
    code, field, plain = "invalid", path["path"] if path else "", _PATH.sub("", message).replace("`", "")
    missing = _MISSING.search(message)
    if _UNKNOWN.match(message):
        # The message holds the name that was sent, and that may look like a path.
        holder = _within(shape, field)
        field = field if holder is not None else ""
        code, plain = "unknown_field", f"The fields are {_names(holder or shape)}."
    elif missing:
        field = f"{field}.{missing['field']}" if field else missing["field"]
        code, plain = "missing", f"The field {missing['field']} is missing."
    if plain.startswith("Invalid enum value"):
        plain = "Not one of the values that this field takes."
    return {"field": (at + field).rstrip("."), "code": code, "message": plain}


def _within(shape: Any, path: str) -> Any:
    """The type of what stands at a path such as `content.materials[0]`; None when there is no such member."""
    for name in path.split(".") if path else ():
        structs = _structs(shape)
        members = {field.encode_name: field.type for field in msgspec.structs.fields(structs[0])} if structs else {}
        shape = members.get(_INDEX.sub("", name))
        if shape is None:
            return None
    return shape


def _names(shape: Any) -> str:
    """The members of the struct that a body is read into, which may be optional."""
    return ", ".join(field.encode_name for kind in _structs(shape) for field in msgspec.structs.fields(kind))


def _structs(shape: Any) -> list[Any]:
    """The structs that a type is made of: of an optional one, a list of them, an annotated one."""
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return [shape]
    return [kind for part in get_args(shape) for kind in _structs(part)]
