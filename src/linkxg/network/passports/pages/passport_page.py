"""Renders a passport as a page: what has been left out by its redaction is named, not shown."""

from typing import Any

from linkxg.clock import rfc3339
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import PUBLIC, Redacted
from linkxg.network.passports.documents.page_details import PageDetails
from linkxg.network.passports.pages import sections
from linkxg.network.passports.pages.render_page import render_page
from linkxg.network.passports.pages.shorten import MAX_PAGE, SIZES, UNSHORTENED, PageSize, cut, shorten
from linkxg.network.passports.pages.texts import LANGUAGE_NAMES, field_text


def passport_page(redacted: Redacted, addresses: Addresses, language: str, details: PageDetails) -> str:
    """The largest of SIZES that MAX_PAGE allows, or the smallest."""
    page = ""
    for size in SIZES:
        page = _render(redacted, addresses, language, details, size)
        if len(page.encode()) <= MAX_PAGE:
            break
    return page


def _render(redacted: Redacted, addresses: Addresses, language: str, details: PageDetails, size: PageSize) -> str:
    passport, number = redacted.passport, redacted.version.version
    fields: dict[str, Any] = shorten(redacted.fields, size)
    address, successor = addresses.passport(passport.id), passport.successor_id
    journey, entries = details.journey, details.history
    here = f"{address}?" if redacted.is_latest else f"{address}?version={number}&"
    return render_page(
        "passport.html",
        language,
        title=cut(redacted.product_name, size),
        reader=[role for role in ("legitimateInterest", "authority") if role in redacted.roles],
        passport=passport,
        description=fields.get("description"),
        status=redacted.status,
        withdrawal=redacted.withdrawal,
        reason=cut(redacted.withdrawal.reason or "", size) if redacted.withdrawal else "",
        address=address,
        # Whoever opened a link of a grant would lose what it shows.
        languages=[(code, name, f"{here}lang={code}") for code, name in LANGUAGE_NAMES.items()]
        if _is_public(redacted)
        else [],
        successor=addresses.passport(successor) if successor else None,
        facts=sections.facts(fields, redacted, language),
        materials=sections.materials(fields, language),
        bars=sections.bars(fields),
        tables=sections.tables(fields, language, size),
        claims=sections.claims(fields, language),
        documents=list(sections.links(fields, language)),
        withheld=[cut(field_text(path, language), size) for path in redacted.withheld[: size.elements]],
        issuer=redacted.issuer.name,
        number=number,
        history=sections.history(entries, language, size),
        earlier=entries[-1].version - 1,
        journey=sections.journey(journey, addresses, language, size),
        is_journey_cut=journey is not None and (journey.is_cut or len(journey.steps) > size.elements),
        is_journey_late=details.is_journey_late,
        complete=f"{addresses.public_url}/api/v1/dpp/{passport.id}/elements/$.content" if size != UNSHORTENED else None,
        view={
            "gtin": passport.gtin14,
            "updated": rfc3339(redacted.version.issued_at),
            "carrier": addresses.carrier(redacted.issuer.slug, passport),
        },
    )


def _is_public(redacted: Redacted) -> bool:
    return redacted.roles == PUBLIC
