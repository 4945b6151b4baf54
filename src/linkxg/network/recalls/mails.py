"""Mails about recalls, sent in the background to the Owners and Admins of the partners who are notified."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.role_mails import mails_to_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.store import find_account
from linkxg.network.recalls import store
from linkxg.network.recalls.mail_texts import recall_text, withdrawal_text

RECALL_MAILS = Budget("recall-mails", 10, 3_600)
"""To a mailbox, of one partner."""
WITHDRAWAL_MAILS = Budget("recall-withdrawal-mails", 10, 3_600)
"""Counted apart: who stopped the sale by a mail hears of the end by one."""
_Kind = Literal["announced", "reminded", "withdrawn"]
_SUBJECTS: dict[_Kind, str] = {
    "announced": "Recall by {}",
    "reminded": "Reminder: recall by {}",
    "withdrawn": "Withdrawn: recall by {}",
}


class RecallMails:
    """One mail for each notified partner and occasion; a mailbox gets a bounded number an hour of each partner."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._console = f"{public_url}/traceability"
        self._public_url = public_url

    @property
    def enabled(self) -> bool:
        return self._mails.enabled

    def announced(self, account_id: str, recall_id: str) -> None:
        """To whoever has a notice of this recall of the account, unless it is withdrawn by then."""
        self._send(account_id, recall_id, "announced")

    def reminded(self, account_id: str, recall_id: str) -> None:
        """To those of them who have not acknowledged."""
        self._send(account_id, recall_id, "reminded")

    def withdrawn(self, account_id: str, recall_id: str) -> None:
        """To whoever has a notice of this recall."""
        self._send(account_id, recall_id, "withdrawn")

    def _send(self, account_id: str, recall_id: str, kind: _Kind) -> None:
        async def compose() -> list[Mail]:
            notices = await self._database.read(_list_notified, account_id, recall_id, is_waiting=kind == "reminded")
            self._queue_next(account_id, recall_id, kind, list(notices.items()))
            return []

        self._mails.send(account_id, compose)

    def _queue_next(
        self, account_id: str, recall_id: str, kind: _Kind, left: Sequence[tuple[str, list[AnyRow]]]
    ) -> None:
        """One partner after the other: the mails of a recall with many recipients leave others their turn."""
        if not left:
            return
        (partner_id, notices), *others = left

        async def compose() -> list[Mail]:
            self._queue_next(account_id, recall_id, kind, others)
            return await self._compose(account_id, recall_id, kind, partner_id, notices)

        self._mails.send(account_id, compose)

    async def _compose(
        self, account_id: str, recall_id: str, kind: _Kind, partner_id: str, notices: list[AnyRow]
    ) -> list[Mail]:
        recall = await self._database.read_single(store.find_recall, account_id, recall_id)
        account = await self._database.read_single(find_account, account_id)
        is_end = kind == "withdrawn"
        if recall is None or account is None or (recall.withdrawn_at is not None) != is_end:
            return []
        name = shown(account.name)
        link = f"{self._console}/notices/{notices[0].id}" if len(notices) == 1 else f"{self._console}/recalls"
        if is_end:
            text = withdrawal_text(name, recall, notices, link)
        else:
            text = recall_text(name, recall, notices, link, is_reminder=kind == "reminded")
        subject = _SUBJECTS[kind].format(name)
        mails = await mails_to_roles(self._database, partner_id, ADMINISTRATORS, subject, text, self._public_url)
        budget = WITHDRAWAL_MAILS if is_end else RECALL_MAILS
        counted_as = f"{account_id} {partner_id}"
        # Better one mail too many than none, if the counters are away.
        return [one for one in mails if await may_mail(self._limits, budget, one.to, counted_as, uncounted=True)]


def _list_notified(conn: Connection, account_id: str, recall_id: str, *, is_waiting: bool) -> dict[str, list[AnyRow]]:
    """The notices of each partner; if `is_waiting`, those that are not acknowledged."""
    found: dict[str, list[AnyRow]] = {}
    for row in store.list_recipients(conn, account_id, recall_id):
        if not is_waiting or row.acknowledged_at is None:
            found.setdefault(row.recipient_id, []).append(row)
    return found
