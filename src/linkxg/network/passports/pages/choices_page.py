"""Renders the passports among which a link leaves the choice."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from linkxg.network.passports.pages.passport_page import STYLE, template
from linkxg.network.passports.pages.texts import TEXTS


class Choice(NamedTuple):
    """A passport, and the company that is responsible for it."""

    issuer: str
    product: str
    address: str


def choices_page(choices: Sequence[Choice], language: str) -> str:
    return template("choices.html").render(
        language=language,
        t=TEXTS[language],
        style=Markup(STYLE),  # noqa: S704  a file of this package
        choices=choices,
    )
