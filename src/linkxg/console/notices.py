"""What a person is told once their act is done, on the page that follows.

The address of that page carries a word of `DONE`, or a text of its own that is signed for this session: a reload says
the same, and no link that somebody else made says anything.
"""

import hmac
from typing import NamedTuple

from linkxg.console.flash_messages import DONE
from linkxg.console.guard import PageRequest
from linkxg.crypto.secrets import derive

_SAVED = frozenset({"saved", "narrowed", "role", "password", "extended"})


class Notice(NamedTuple):
    """`title` begins the title of the page."""

    title: str
    text: str


def notice_of(visit: PageRequest) -> Notice | None:
    """What the address of this page says was done."""
    if visit.form.pairs:
        return None
    done, text = visit.query.text("done"), visit.query.text("told")
    if text and visit.session and hmac.compare_digest(visit.query.text("mac"), _mac(visit, text)):
        return Notice("Saved" if text.startswith("Saved") else "Done", text)
    return Notice("Saved" if done in _SAVED else "Done", DONE[done]) if done in DONE else None


def flash_message(visit: PageRequest, text: str) -> dict[str, str]:
    """The query of a page that says `text`: `go(visit, path, **flash_message(visit, "Saved. Name changed."))`."""
    return {"told": text, "mac": _mac(visit, text)}


def _mac(visit: PageRequest, text: str) -> str:
    # The form token is known to this session alone.
    return derive(visit.csrf.encode(), "notice", text).hex()[:32]
