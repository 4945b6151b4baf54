"""Security notices of commands, which have no service whose queue could send them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from linkxg.db import Database
from linkxg.http.rate_limits import open_limits
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import MailQueue
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.settings import Settings


@asynccontextmanager
async def command_notices(settings: Settings, database: Database) -> AsyncIterator[SecurityNotices]:
    """The notices are sent at the end, within a few seconds or not at all."""
    mails = MailQueue(Mailer(settings.smtp_url, settings.mail_from))
    limits = open_limits(settings.limits_url, settings.limit_scale)
    try:
        yield SecurityNotices(database, mails, limits, settings.public_url)
        await mails.stop()
    finally:
        await limits.close()
