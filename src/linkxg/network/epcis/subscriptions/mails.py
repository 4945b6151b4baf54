"""Mails about subscriptions, sent in the background to the Owners of the account."""

from urllib.parse import quote

from linkxg.db import Database
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.role_mails import mails_to_roles
from linkxg.identity.accounts.roles import OWNERS
from linkxg.network.epcis.subscriptions.manage_subscriptions import host_of
from linkxg.network.epcis.subscriptions.store import find_subscription

SUBSCRIPTION_MAILS = Budget("subscription-mails", 10, 3_600)
"""To a mailbox, of one account."""


class SubscriptionMails:
    """A mail for each subscription that fails; a mailbox gets a bounded number an hour."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._public_url = public_url

    def failed(self, account_id: str, id: str) -> None:
        """Unless it is resumed or deleted by then."""

        async def compose() -> list[Mail]:
            row = await self._database.read_single(find_subscription, account_id, id)
            if row is None or row.state != "FAILED":
                return []
            query, host = shown(row.query_name), shown(host_of(row.dest))
            text = (
                f"The subscription of the query {query} has failed after {row.attempts} "
                f"{'attempt' if row.attempts == 1 else 'attempts'}: no events are posted to {host} any more.\n\n"
                f"The last error: {row.last_error}\n\n"
                "Nothing is lost: once the receiver is mended, resume it here, and it goes on where it stopped:\n"
                f"{self._public_url}/events/subscriptions/{quote(id)}"
            )
            subject = f"Subscription of {query} has failed"
            mails = await mails_to_roles(self._database, account_id, OWNERS, subject, text, self._public_url)
            # Better one mail too many than none, if the counters are away.
            return [
                one
                for one in mails
                if await may_mail(self._limits, SUBSCRIPTION_MAILS, one.to, account_id, uncounted=True)
            ]

        self._mails.send(account_id, compose)
