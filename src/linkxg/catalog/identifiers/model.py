"""The request and answer of an identifier check."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

MAX_IDENTIFIERS = 1_000
Kind = Literal["gtin", "gln", "sscc", "digitalLink", "epcUrn"]


class Identifier(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A text, and the kind of identifier that it is meant to be."""

    type: Kind
    value: Annotated[str, Meta(max_length=2_048)]


class Identifiers(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    identifiers: Annotated[list[Identifier], Meta(min_length=1, max_length=MAX_IDENTIFIERS)]


class CheckedIdentifier(msgspec.Struct, rename="camel"):
    """`normalized` is the form in which identifiers are compared; `error` is null if the identifier is valid."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"digitalLink": "https://id.gs1.org/01/04006381333931"}

    valid: bool
    normalized: str | None = None
    format: str | None = None
    expected_check_digit: int | None = None
    digital_link: str | None = None
    error: str | None = None
    warning: str | None = None
