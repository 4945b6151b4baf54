"""A link for a new password, made by the operator."""

from linkxg.http.rate_limits import open_limits
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.accounts.mail_queue import MailQueue
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.password_reset.create_link import create_operator_link
from linkxg.identity.password_reset.model import PasswordLink
from linkxg.ops.installation import connected, existing_database
from linkxg.settings import Settings


async def make_reset_link(settings: Settings, email: str) -> PasswordLink:
    """The link; the person is told by mail, within a few seconds or not at all."""
    existing_database(settings)
    mails = MailQueue(Mailer(settings.smtp_url, settings.mail_from))
    limits = open_limits(settings.limits_url, settings.limit_scale)
    async with connected(settings) as database:
        notices = SecurityNotices(database, mails, limits)
        link = await create_operator_link(database, notices, settings.public_url, email)
        await mails.stop()
    await limits.close()
    return link
