"""Mails about subscriptions, sent in the background to the Owners of the account."""

from urllib.parse import quote

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.mail_budgets import may_mail
from linkxg.identity.accounts.mail_queue import Mail, MailQueue
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import SUBSCRIPTION_CREATED
from linkxg.identity.accounts.role_mails import mails_to_roles
from linkxg.identity.accounts.roles import OWNERS
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.network.epcis.subscriptions.manage_subscriptions import host_of
from linkxg.network.epcis.subscriptions.model import Subscription, SubscriptionRow
from linkxg.network.epcis.subscriptions.store import find_subscription

SUBSCRIPTION_MAILS = Budget("subscription-mails", 10, 3_600)
"""To a mailbox, of one account."""


class SubscriptionMails:
    """A mail for each subscription that fails or is paused; a mailbox gets a bounded number an hour."""

    def __init__(self, database: Database, mails: MailQueue, limits: Limits, public_url: str) -> None:
        self._database = database
        self._mails = mails
        self._limits = limits
        self._public_url = public_url

    def stopped(self, account_id: str, id: str) -> None:
        """Unless it is resumed or deleted by then."""

        async def compose() -> list[Mail]:
            row = await self._database.read_single(find_subscription, account_id, id)
            if row is None or row.state == "ACTIVE":
                return []
            text = f"{_what(row)}\n{self._public_url}/events/subscriptions/{quote(id)}"
            verb = "has failed" if row.state == "FAILED" else "is paused"
            subject = f"Subscription of {shown(row.query_name)} {verb}"
            mails = await mails_to_roles(self._database, account_id, OWNERS, subject, text, self._public_url)
            # Better one mail too many than none, if the counters are away.
            return [
                one
                for one in mails
                if await may_mail(self._limits, SUBSCRIPTION_MAILS, one.to, account_id, uncounted=True)
            ]

        self._mails.send(account_id, compose)


def mail_subscribed(
    notices: SecurityNotices, actor: Actor, account_id: str, made: Subscription, public_url: str
) -> None:
    """To the Owners: a stolen session or token suffices to have every event posted somewhere."""
    what = (
        f"Events of the query {shown(made.query_name)} are now posted to {shown(host_of(made.dest))}, until somebody "
        f"ends the subscription:\n{public_url}/events/subscriptions/{quote(made.id)}"
    )
    advice = "If nobody in your account did this, delete the subscription and check the audit log."
    notices.owners(actor, account_id, "Events are posted to a receiver", what, kind=SUBSCRIPTION_CREATED, advice=advice)


def _what(row: SubscriptionRow) -> str:
    query, host = shown(row.query_name), shown(host_of(row.dest))
    if row.state == "PAUSED":
        return (
            f"The subscription of the query {query} is paused: no events are posted to {host} any more.\n\n"
            f"{row.last_error}\n\n"
            "Nothing is lost: when it is resumed here, it goes on where it stopped:"
        )
    return (
        f"The subscription of the query {query} has failed after {row.attempts} "
        f"{'attempt' if row.attempts == 1 else 'attempts'}: no events are posted to {host} any more.\n\n"
        f"The last error: {row.last_error}\n\n"
        "Nothing is lost: once the receiver is fixed, resume it here, and it goes on where it stopped:"
    )
