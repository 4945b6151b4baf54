"""Reads what the form of a new recall recalls: items as they were typed, one per line, or those of a notice."""

from typing import NamedTuple

from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.typed_item import NotAnItem, read_typed_item
from linkxg.network.recalls.joint_impact import JointImpact
from linkxg.network.recalls.model import MAX_ITEMS, RecallNotice
from linkxg.network.recalls.read_recalls import read_notice, read_notice_items
from linkxg.network.traceability.read_query import UNKNOWN_ITEM

FIELD = "items"
LISTED = "listed"
"""The hidden field with the items whose recipients the form shows."""


class Recalled(NamedTuple):
    """The `text` as it was typed, and its `items` in normal form, by the numbers of their lines."""

    text: str = ""
    lines: tuple[tuple[int, str], ...] = ()
    notice: RecallNotice | None = None
    faults: tuple[str, ...] = ()

    @property
    def items(self) -> list[str]:
        return list(dict.fromkeys(uri for _, uri in self.lines))

    @property
    def listed(self) -> str:
        """The value of the field `listed`; no URI holds white space."""
        return " ".join(self.items)

    def is_shown_by(self, form: PageForm) -> bool:
        """Whether the form was sent with the recipients of these items. Those of a notice cannot be changed."""
        return self.notice is not None or form.text(LISTED) == self.listed

    def unknown(self, impact: JointImpact) -> FormErrors:
        """A notice may name items that were received without an event, but not only such items."""
        if self.notice is not None:
            return FormErrors([] if impact.items else [(FIELD, UNKNOWN_ITEM)])
        return FormErrors(
            [(FIELD, self._of_line(number, UNKNOWN_ITEM)) for number, uri in self.lines if uri in impact.unknown]
        )

    def _of_line(self, number: int, message: str) -> str:
        return of_line(number, message, is_only=len(self.lines) == 1)


async def read_recalled(page: PageRequest, fields: PageForm) -> Recalled:
    """Raises NotFound for a notice that is none of the account's."""
    if notice_id := fields.text("notice"):
        notice = await read_notice(page.database, page.account_id, notice_id)
        items = await read_notice_items(page.database, page.account_id, notice_id)
        return Recalled(lines=tuple(enumerate(items[:MAX_ITEMS], 1)), notice=notice)
    return read_lines(fields.text(FIELD))


def read_lines(text: str) -> Recalled:
    typed = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    found, faults = [], []
    for number, line in typed:
        try:
            found.append((number, read_typed_item(line)))
        except NotAnItem as error:
            faults.append(of_line(number, error.message, is_only=len(typed) == 1))
    if len({uri for _, uri in found}) > MAX_ITEMS:
        faults.append(f"At most {MAX_ITEMS} items in one recall.")
    return Recalled(text.strip("\n"), tuple(found), None, tuple(faults))


def of_line(number: int, message: str, *, is_only: bool) -> str:
    return message if is_only else f"Line {number}: {message}"
