"""Renders what a link to a passport opens, with the button that opens it."""

from typing import Protocol
from urllib.parse import urlencode

from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.pages.render_page import POLICY, render_page
from linkxg.network.passports.pages.texts import LANGUAGE_NAMES

ACCESS_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")


class Offered(Protocol):
    """What the link opens."""

    purpose: str
    expires_at: str
    single_use: bool
    includes_below: bool


class ChosenUnit(Protocol):
    """The batch or item that was chosen; empty texts for none."""

    @property
    def lot(self) -> str: ...

    @property
    def serial(self) -> str: ...


def access_page(offered: Offered, unit: ChosenUnit, shown: Redacted, language: str, *, is_known: bool) -> str:
    """The page of a link. `shown` is what everybody reads of the passport; `is_known` is false for a unit that the link
    does not open.
    """
    chosen = {name: value for name, value in (("lot", unit.lot), ("serial", unit.serial)) if value}
    return render_page(
        "access.html",
        language,
        languages=[(code, name, f"?{urlencode(chosen | {'lang': code})}") for code, name in LANGUAGE_NAMES.items()],
        offered=offered,
        title=shown.product_name,
        gtin=shown.passport.gtin14,
        issuer=shown.issuer.name,
        unit=unit,
        query=urlencode(chosen | {"lang": language}),
        is_known=is_known,
    )
