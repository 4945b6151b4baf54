"""Renders the passports among which a link leaves the choice."""

from collections.abc import Sequence
from typing import NamedTuple

from linkxg.network.passports.pages.render_page import render_page


class Choice(NamedTuple):
    """A passport, and the company that is responsible for it."""

    issuer: str
    product: str
    address: str


class ShownChoices(NamedTuple):
    """The choices of a page, the numbers of the first, the last and of all companies, and the pages beside it."""

    choices: Sequence[Choice]
    first: int
    last: int
    total: int
    neighbours: Sequence[tuple[str, str]]
    """(`prev` or `next`, address)."""


def choices_page(shown: ShownChoices, language: str) -> str:
    return render_page("choices.html", language, shown=shown)
