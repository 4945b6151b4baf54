"""The sentence that says what a share shows."""

from collections.abc import Sequence
from datetime import UTC, datetime

from linkxg.catalog.products.content import MEMBERS
from linkxg.network.shares.model import ShareTerms

COUNT_UP_TO = 1_000
_FIELDS = len(MEMBERS) - 1
"""`access` describes the others."""
_SUPPLIERS = ("producer", "facility")


def summarise(terms: ShareTerms, products: int) -> str:
    """Such as: Sees 6 of 16 fields of 12 products, no supplier names, until 1 March 2027."""
    parts = [f"Sees {count_fields(terms.fields)} of {_products(terms, products)}"]
    if terms.fields is not None and not any(_shows_name(terms.fields, member) for member in _SUPPLIERS):
        parts.append("no supplier names")
    if terms.versions == "ALL":
        parts.append("in all versions")
    if terms.traceability == "EVENTS":
        parts.append("with events")
    elif terms.traceability == "GRAPH":
        parts.append(f"with the supply chain {terms.trace_tiers} {'tier' if terms.trace_tiers == 1 else 'tiers'} deep")
    if terms.expires_at is not None:
        parts.append(f"until {day(terms.expires_at)}")
    return ", ".join(parts) + "."


def day(at: int) -> str:
    """`1 March 2027`, in UTC."""
    found = datetime.fromtimestamp(at / 1_000, UTC)
    return f"{found.day} {found:%B %Y}"


def count_fields(fields: Sequence[str] | None) -> str:
    """`6 of 16 fields`; None is all of them."""
    if fields is None:
        return "all fields"
    shown = {path.partition(".")[0] for path in fields} - {"access"}
    return f"{len(shown)} of {_FIELDS} fields"


def _products(terms: ShareTerms, products: int) -> str:
    if terms.type == "PRODUCT":
        return "1 product" if products else "1 product that is not published yet"
    within = f" in category {terms.category}" if terms.type == "CATEGORY" else ""
    if products > COUNT_UP_TO:
        return f"more than {COUNT_UP_TO:,} products{within}"
    return f"{products} {'product' if products == 1 else 'products'}{within}"


def _shows_name(fields: Sequence[str], member: str) -> bool:
    return member in fields or f"{member}.name" in fields
