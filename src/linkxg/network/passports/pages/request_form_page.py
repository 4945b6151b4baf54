"""Renders the form by which a person asks for what a passport withholds, and the page after it was sent."""

from collections.abc import Collection, Mapping

from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.pages.render_page import render_page
from linkxg.network.passports.pages.texts import LANGUAGE_NAMES, field_text

_MOST_NAMES = 20
"""Names of what is withheld that the page lists."""


def request_form_page(
    redacted: Redacted,
    address: str,
    language: str,
    given: Mapping[str, str],
    *,
    faults: Collection[str] = (),
    is_refused: bool = False,
    is_sent: bool = False,
) -> str:
    """`given` are the fields as they were sent, `faults` the names of those that must be corrected.

    `is_refused` says that too many requests of the same network wait.
    """
    passport = redacted.passport
    return render_page(
        "request_form.html",
        language,
        languages=[
            (code, name, f"?lang={code}{'&sent=yes' if is_sent else ''}") for code, name in LANGUAGE_NAMES.items()
        ],
        title=redacted.product_name,
        passport=passport,
        issuer=redacted.issuer.name,
        withheld=[field_text(path, language) for path in redacted.withheld[:_MOST_NAMES]],
        address=address,
        given=given,
        fields=[(name, f"{name}Hint") for name in ("purpose", "contact", "evidence")],
        faults=faults,
        is_refused=is_refused,
        is_sent=is_sent,
    )
