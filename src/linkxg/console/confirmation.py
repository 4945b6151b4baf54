"""One page that asks before an act that cannot be taken back, or that cuts something off, with numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from litestar import Response

from linkxg.console.confirm_password import CANCEL, PASSWORD
from linkxg.console.csrf import FIELD
from linkxg.console.guard import PageRequest
from linkxg.console.pages import page

SURE = "sure"


class Question(NamedTuple):
    """`title` asks, `effects` say what the act does, `button` names the act, `keep` and `back` lead away from it."""

    title: str
    effects: Sequence[str]
    button: str
    keep: str
    back: str


def confirmed(visit: PageRequest) -> bool:
    """Whether the person has seen the question and said yes."""
    return visit.form.text(SURE) == "yes"


def ask_first(
    visit: PageRequest,
    question: Question,
    *,
    back_to_form: bool = False,
    template: str = "ask_first.html",
    **values: Any,
) -> Response[str]:
    """The page; its form posts what was filled in to the same address, with `sure=yes`.

    With `back_to_form` the way back posts it too, with `confirm_cancel=yes`: the handler shows its form filled in.
    A `template` that extends `ask_first.html` shows `values` in place of the effects.
    """
    dropped = (FIELD, PASSWORD, CANCEL, SURE)
    carried = [pair for pair in visit.form.pairs if pair[0] not in dropped]
    return page(visit, template, question=question, carried=carried, back_to_form=back_to_form, **values)
