"""The content of a product version, as msgspec types.

What a type cannot express (check digits, countries, single lines) is a `rule` in its metadata, for `check_content`.
"""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from linkxg.catalog.products.patterns import LINE_PATTERN, NAME_PATTERN

MAX_ATTRIBUTES = 200
MAX_ATTRIBUTES_BYTES = 64 * 1024
MAX_CONTENT_BYTES = 128 * 1024
MAX_MEMBER_NAME = 255
"""Characters of the name of a member at any depth of the attributes; paths in diffs repeat the names."""
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that JSON preserves exactly (RFC 8785 §3.2.2.3, RFC 7493 §2.2)."""

AccessRole = Literal["public", "legitimateInterest", "authority"]
Access = (
    Literal["public", "restricted", "legitimateInterest", "authority"]
    | Annotated[list[AccessRole], Meta(min_length=1, max_length=3)]
)
"""Who may read a field of a passport: one role, or any of a list. `restricted` is `legitimateInterest`."""


def _rule(name: str, **keywords: Any) -> dict[str, Any]:
    """Keywords of a Meta: the rule for `check_content`, and the part of it that JSON Schema can express."""
    return {"extra": {"rule": name}, "extra_json_schema": keywords or None}


_LINE = _rule("line", pattern=LINE_PATTERN)
Name = Annotated[str, Meta(min_length=1, max_length=255, **_rule("name", pattern=NAME_PATTERN))]
Description = Annotated[str, Meta(max_length=10_000)]
Line = Annotated[str, Meta(max_length=255, **_LINE)]
Code = Annotated[str, Meta(min_length=1, max_length=100, **_rule("name", pattern=NAME_PATTERN))]
Uri = Annotated[str, Meta(max_length=2_048, **_rule("uri", format="uri"))]
Url = Annotated[str, Meta(max_length=2_048, **_rule("url", format="uri", pattern="^https?://"))]
Gln = Annotated[str, Meta(**_rule("gln", pattern="^[0-9]{13}$"))]
GtinText = Annotated[str, Meta(**_rule("gtin", pattern="^(?:[0-9]{8}|[0-9]{12,14})$"))]
Country = Annotated[str, Meta(**_rule("country", pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2."))]
Language = Annotated[str, Meta(max_length=35, **_rule("language", description="BCP 47."))]
MediaType = Annotated[str, Meta(max_length=127, **_rule("media_type"))]
Sha256 = Annotated[str, Meta(**_rule("sha256", pattern="^[0-9a-f]{64}$"))]
Unit = Annotated[str, Meta(**_rule("unit", pattern="^[A-Z0-9]{2,3}$", description="UN/CEFACT Recommendation 20."))]
Number = Annotated[int, Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)] | float
Positive = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)] | Annotated[float, Meta(ge=0)]
Share = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class ContentPart(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """A part of a content; null and missing members are equal, and neither is written."""


class Category(ContentPart):
    """A GPC brick or a UN CPC code; lists can be filtered by `code`."""

    code: Code
    name: Line | None = None
    scheme_id: Uri | None = None
    scheme_name: Line | None = None


class Producer(ContentPart):
    name: Line | None = None
    gln: Gln | None = None
    id: Uri | None = None


class Facility(ContentPart):
    name: Line | None = None
    gln: Gln | None = None
    country: Country | None = None


class Measure(ContentPart):
    value: Positive
    unit: Unit


class Dimensions(ContentPart):
    net_weight: Measure | None = None
    gross_weight: Measure | None = None
    length: Measure | None = None
    width: Measure | None = None
    height: Measure | None = None
    volume: Measure | None = None


class Material(ContentPart):
    """`mass_fraction` is a share of the product, `recycled_mass_fraction` of the material."""

    name: Name
    code: Line | None = None
    scheme_id: Uri | None = None
    mass_fraction: Share | None = None
    recycled_mass_fraction: Share | None = None
    origin_country: Country | None = None
    hazardous: bool | None = None


class Performance(ContentPart):
    metric_name: Name
    value: Number
    metric_id: Uri | None = None
    unit: Unit | None = None
    tolerance: Positive | None = None


class Evidence(ContentPart):
    url: Url
    sha256: Sha256 | None = None


class Claim(ContentPart):
    name: Name
    id: Uri | None = None
    topic: Line | None = None
    reference_standard: Line | None = None
    claim_date: date | None = None
    evidence: Evidence | None = None


class Document(ContentPart):
    """A document or an image, stored elsewhere; the digest shows whether it has changed."""

    url: Url
    title: Line | None = None
    media_type: MediaType | None = None
    sha256: Sha256 | None = None
    language: Language | None = None
    access: Access | None = None


class Packaging(ContentPart):
    """One level of packaging; `quantity` is the number of products in it."""

    name: Name
    type_code: Line | None = None
    gtin: GtinText | None = None
    quantity: Count | None = None
    gross_weight: Measure | None = None
    materials: Annotated[list[Material], Meta(max_length=50)] | None = None


class Content(ContentPart):
    """`access` restricts members and attributes (`attributes.voltage`), and shares the `journey` of passports."""

    name: Name
    description: Description | None = None
    brand: Line | None = None
    model_number: Line | None = None
    category: Category | None = None
    producer: Producer | None = None
    facility: Facility | None = None
    country_of_production: Country | None = None
    dimensions: Dimensions | None = None
    materials: Annotated[list[Material], Meta(max_length=100)] | None = None
    performance: Annotated[list[Performance], Meta(max_length=100)] | None = None
    claims: Annotated[list[Claim], Meta(max_length=100)] | None = None
    documents: Annotated[list[Document], Meta(max_length=100)] | None = None
    images: Annotated[list[Document], Meta(max_length=100)] | None = None
    packaging: Annotated[list[Packaging], Meta(max_length=20)] | None = None
    attributes: Annotated[dict[str, Any], Meta(max_length=MAX_ATTRIBUTES)] | None = None
    access: Annotated[dict[str, Access], Meta(max_length=MAX_ATTRIBUTES)] | None = None


MEMBERS = tuple(field.encode_name for field in msgspec.structs.fields(Content))
"""The encoded names of the members of a content."""
RESTRICTABLE = frozenset((*MEMBERS, "journey"))
"""What `access` may name besides attributes; `journey` is that of batches and items, which is shared only by name."""

read_content = msgspec.json.Decoder(Content).decode
"""Decodes stored JSON; raises msgspec.ValidationError."""


def category_of(content: Content) -> str | None:
    return content.category.code if content.category else None


# Validated before it was stored, so it is sent without being decoded.
StoredContent = Annotated[msgspec.Raw, Meta(extra_json_schema={"x-like": "Content"})]
EXAMPLE: dict[str, Any] = {
    "name": "Pump P2",
    "brand": "Acme",
    "description": "Centrifugal pump, 2 kW",
    "category": {
        "code": "43220",
        "name": "Pumps for liquids",
        "schemeId": "https://unstats.un.org/unsd/classifications/Econ/cpc",
        "schemeName": "UN CPC 3.0",
    },
    "facility": {"name": "Hagen works", "gln": "4012345000009"},
    "countryOfProduction": "DE",
    "dimensions": {"netWeight": {"value": 14.2, "unit": "KGM"}},
    "attributes": {"colour": "red"},
}
