"""Mails about recalls, sent in the background to the Owners and Admins of the partners who are notified."""

from collections.abc import Sequence

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.role_mails import mails_to_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.store import find_account
from linkxg.network.recalls import store

RECALL_MAILS = Budget("recall-mails", 10, 3_600)
"""To a mailbox, of one partner."""


class RecallMails:
    """One mail for each notified partner and recall; a mailbox gets a bounded number an hour of each partner."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._console = f"{public_url}/traceability"
        self._public_url = public_url

    def announced(self, account_id: str, recall_id: str) -> None:
        """To whoever has a notice of this recall of the account, unless it is withdrawn by then."""

        async def compose() -> list[Mail]:
            notices = await self._database.read(_list_notified, account_id, recall_id)
            self._tell_next(account_id, recall_id, list(notices.items()))
            return []

        self._mails.send(account_id, compose)

    def _tell_next(self, account_id: str, recall_id: str, left: Sequence[tuple[str, list[str]]]) -> None:
        """One partner after the other: the mails of a recall with many recipients leave others their turn."""
        if not left:
            return
        (partner_id, notice_ids), *others = left

        async def compose() -> list[Mail]:
            self._tell_next(account_id, recall_id, others)
            return await self._compose(account_id, recall_id, partner_id, notice_ids)

        self._mails.send(account_id, compose)

    async def _compose(self, account_id: str, recall_id: str, partner_id: str, notice_ids: list[str]) -> list[Mail]:
        recall = await self._database.read_single(store.find_recall, account_id, recall_id)
        account = await self._database.read_single(find_account, account_id)
        if recall is None or account is None or recall.withdrawn_at is not None:
            return []
        name = shown(account.name)
        link = f"{self._console}/notices/{notice_ids[0]}" if len(notice_ids) == 1 else f"{self._console}/recalls"
        text = (
            f"{name} recalls items that your company received.\n\n"
            f"Reason (beginning): {shown(recall.reason)}\n\n"
            f"See which items, what to do, and acknowledge it:\n{link}"
        )
        mails = await mails_to_roles(
            self._database, partner_id, ADMINISTRATORS, f"Recall by {name}", text, self._public_url
        )
        counted_as = f"{account_id} {partner_id}"
        # Better one mail too many than none, if the counters are away.
        return [one for one in mails if await may_mail(self._limits, RECALL_MAILS, one.to, counted_as, uncounted=True)]


def _list_notified(conn: Connection, account_id: str, recall_id: str) -> dict[str, list[str]]:
    """The notices of each partner."""
    found: dict[str, list[str]] = {}
    for row in store.list_recipients(conn, account_id, recall_id):
        found.setdefault(row.recipient_id, []).append(row.id)
    return found
