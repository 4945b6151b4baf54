"""The confirmation page before a destructive action, with what it affects."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from litestar import Response

from linkxg.console.confirmation_fields import ASKED_AGAIN, SURE
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render


class Question(NamedTuple):
    """`effects` say what the action does; `button` names it, `keep` labels the link `back` without it."""

    title: str
    effects: Sequence[str]
    button: str
    keep: str
    back: str


def confirmed(page: PageRequest) -> bool:
    """Whether the person confirmed the question."""
    return page.form.text(SURE) == "yes"


def ask_confirmation(
    page: PageRequest,
    question: Question,
    *,
    back_to_form: bool = False,
    template: str = "confirmation.html",
    **values: Any,
) -> Response[str]:
    """The page; its form posts the same fields to the same address, with `sure=yes`.

    With `back_to_form` the way back posts them too, with `confirm_cancel=yes`, so that the handler fills in its form.
    A `template` that extends `confirmation.html` shows `values` in place of the effects.
    """
    carried = [pair for pair in page.form.pairs if pair[0] not in ASKED_AGAIN]
    return render(page, template, question=question, carried=carried, back_to_form=back_to_form, **values)
