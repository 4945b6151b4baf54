"""The texts of mails about recalls: every word of a partner is bounded, and without a link."""

from collections.abc import Sequence

import msgspec

from linkxg.db.schema import AnyRow
from linkxg.identity.accounts.mail_text import MAX_SHOWN, shown
from linkxg.network.recalls.item_details import item_details, product_names
from linkxg.network.recalls.model import NoticeItem

MAX_LISTED = 5
"""Items that a mail names."""
MAX_LINES = 8
"""Lines of up to 60 characters that a mail has of a reason or of instructions."""


def recall_text(name: str, recall: AnyRow, notices: Sequence[AnyRow], link: str, *, is_reminder: bool) -> str:
    opening = f"{name} recalls items that your company received."
    if is_reminder:
        opening = f"Reminder: {name} waits for you to acknowledge a recall of items that your company received."
    parts = [opening, _items(recall, notices), f"Reason: {_prose(recall.reason)}"]
    if recall.instructions:
        parts.append(f"What to do: {_prose(recall.instructions)}")
    parts += [
        f"All items, and the button to acknowledge, after sign-in:\n{link}",
        f"To acknowledge says that your company has read the notice; {name} sees when, with your answer. "
        f"For questions, contact {name} as you usually do: replies to this mail do not reach them.",
    ]
    return "\n\n".join(parts)


def withdrawal_text(name: str, recall: AnyRow, notices: Sequence[AnyRow], link: str) -> str:
    parts = [f"{name} has withdrawn a recall of items that your company received.", _items(recall, notices)]
    parts.append(f"The recall had this reason: {_prose(recall.reason)}")
    if recall.withdrawal_reason:
        parts.append(f"Why it is withdrawn: {_prose(recall.withdrawal_reason)}")
    parts.append(f"If you have passed it on, withdraw your own recall too. The notice, after sign-in:\n{link}")
    return "\n\n".join(parts)


def _items(recall: AnyRow, notices: Sequence[AnyRow]) -> str:
    """What the reader's company received of it: the first items, and how many there are."""
    uris = [uri for one in notices for uri in msgspec.json.decode(one.first_items, type=list[str])]
    count = sum(one.item_count for one in notices)
    listed = uris[:MAX_LISTED]
    lines = [f"- {_item(one)}" for one in item_details(listed, product_names(recall.products))]
    if count > len(listed):
        lines.append(f"- and {count - len(listed):,} more")
    return f"{'1 item' if count == 1 else f'{count:,} items'}:\n" + "\n".join(lines)


def _item(one: NoticeItem) -> str:
    if one.gtin is None:
        return shown(one.id.removeprefix("https://id.gs1.org/"))
    words = [shown(one.product_name) if one.product_name else "", f"GTIN {one.gtin}"]
    words += [f"lot {shown(one.lot)}" if one.lot else "", f"serial {shown(one.serial)}" if one.serial else ""]
    return ", ".join(word for word in words if word)


def _prose(text: str) -> str:
    """In lines, so that each is as short as a name; the end of a long text is left out, and said to be."""
    words, lines, line = " ".join(text.split()).split(" "), list[str](), ""
    for word in words:
        if line and len(line) + len(word) + 1 > MAX_SHOWN:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    end = " (shortened; the notice has all of it)" if len(lines) > MAX_LINES else ""
    return "\n".join(shown(one) for one in lines[:MAX_LINES]) + end
