"""Renders the passports among which a link leaves the choice."""

from collections.abc import Sequence
from typing import NamedTuple

from linkxg.network.passports.pages.render_page import render_page


class Choice(NamedTuple):
    """A passport, and the company that is responsible for it."""

    issuer: str
    product: str
    address: str


def choices_page(choices: Sequence[Choice], language: str) -> str:
    return render_page("choices.html", language, choices=choices)
