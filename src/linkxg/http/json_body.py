"""JSON bodies, read into msgspec structs.

Strictly: the right media type, UTF-8 without a byte order mark, and strict JSON. Malformed JSON is `invalid_request`; a
well-formed body of the wrong shape is `validation_failed` with all its faults, or `invalid_request` in `oauth_style`.
"""

from typing import Any, TypeVar

import msgspec

from linkxg.errors import InvalidRequest, PublicError, UnsupportedMediaType, ValidationFailed
from linkxg.http.schema_errors import NOT_VALID, FieldFault, shape_faults
from linkxg.http.strict_json import MAX_DEPTH, NotStrictJson, parse

T = TypeVar("T")
JSON_LIMIT = 256 * 1024
JSON_TYPES = (b"application/json",)
MERGE_PATCH_TYPE = b"application/merge-patch+json"


def require_json(content_type: bytes | None, *, oauth_style: bool, types: tuple[bytes, ...] = JSON_TYPES) -> None:
    """Raises UnsupportedMediaType, or InvalidRequest in `oauth_style`, unless the type is one of `types`."""
    if content_type is not None and content_type.partition(b";")[0].strip().lower() in types:
        return
    raise InvalidRequest(UnsupportedMediaType.text) if oauth_style else UnsupportedMediaType


def refuse_coding(content_encoding: bytes | None, *, oauth_style: bool) -> None:
    """Raises the errors of `require_json` for a compressed body."""
    if (content_encoding or b"").strip().lower() not in (b"", b"identity"):
        text = "Send the body without a Content-Encoding."
        raise InvalidRequest(text) if oauth_style else UnsupportedMediaType(text)


def read_json(raw: bytes, shape: type[T], *, oauth_style: bool) -> T:
    """`raw` as a `shape`. Raises InvalidRequest or ValidationFailed."""
    compact = _read_compact(raw, shape)
    if compact is not None:
        return compact
    value = parse_json(raw)
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError:
        raise _refusal(shape_faults(value, shape), oauth_style) from None


def _read_compact(raw: bytes, shape: type[T]) -> T | None:
    """Decode what most programs send, compact JSON without escapes; None for anything else.

    Encoding the value must give the same bytes, so nothing was repeated, dropped or repaired.
    """
    if b"\\" in raw or b"\x7f" in raw or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = msgspec.json.decode(raw, type=shape, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if msgspec.json.encode(value) == raw else None


def parse_json(raw: bytes) -> Any:
    """The value of strict JSON. Raises InvalidRequest."""
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None
    if text.startswith("\ufeff"):
        raise InvalidRequest("The body must be JSON in UTF-8 without a byte order mark.")
    try:
        return parse(text)
    except NotStrictJson as error:
        raise InvalidRequest(f"The body is malformed. {error}") from None


def _refusal(faults: list[FieldFault], oauth_style: bool) -> PublicError:
    field, code = faults[0]["field"], faults[0]["code"]
    text = {
        "missing": f"The field {field} is missing.",
        "unknown_field": "The body has an unknown field.",
        "invalid": f"The field {field} is not valid." if field else "The body is not valid.",
    }[code]
    message = faults[0]["message"]
    if oauth_style and code == "invalid" and message != NOT_VALID:
        # Errors of OAuth have no details.
        text = f"{text.removesuffix('.')}: {message[0].lower()}{message[1:]}"
    return InvalidRequest(text) if oauth_style else ValidationFailed(text, details=faults)
