"""Mail over SMTP."""

import asyncio
from email.message import EmailMessage
from email.utils import localtime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from linkxg.errors import InvalidRequest
from linkxg.http.logs import log
from linkxg.identity.accounts.model import deliverable

TIMEOUT_S, SEND_S = 10.0, 30.0
"""Of each step of the dialogue, and of a whole mail."""

if TYPE_CHECKING:
    from aiosmtplib import SMTP


class Mailer:
    """Sends by SMTP. Without a server it is not `enabled`, and the caller returns the link instead."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url) if url else None
        self._sender = sender

    @property
    def enabled(self) -> bool:
        return self._url is not None

    async def send(self, to: str, subject: str, text: str) -> bool:
        """Whether the server accepted the mail; a failure is logged without the text, never raised."""
        if self._url is None:
            return False
        try:
            message = EmailMessage()
            message["From"] = self._sender
            message["To"] = deliverable(to)
            message["Subject"] = _one_line(subject)
            message["Date"] = localtime()
            # No absence reply comes back (RFC 3834 §5).
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(text)
            async with asyncio.timeout(SEND_S), self._connection(self._url) as connection:
                try:
                    await connection.send_message(message)
                except asyncio.CancelledError:
                    # Otherwise the end of the block waits for an answer to QUIT.
                    connection.close()
                    raise
        except _mail_errors() as error:
            log.warning("mail.failed", fault=type(error).__name__)
            return False
        return True

    async def fault(self) -> str | None:
        """Connect and sign in to the server: the fault's name, or None on success or without a server."""
        if self._url is not None:
            try:
                async with self._connection(self._url):
                    return None
            except _mail_errors() as error:
                return type(error).__name__
        return None

    @staticmethod
    def _connection(url: SplitResult) -> "SMTP":
        """A context manager that connects and signs in."""
        # Imported only if mail is set up.
        from aiosmtplib import SMTP

        return SMTP(
            hostname=url.hostname,
            port=url.port,
            use_tls=url.scheme == "smtps",
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            timeout=TIMEOUT_S,
        )


def _mail_errors() -> tuple[type[Exception], ...]:
    from aiosmtplib import SMTPException

    return SMTPException, OSError, ValueError, InvalidRequest


def _one_line(subject: str) -> str:
    """No header injection by the subject (RFC 5322 §2.2): old account names were stored unchecked.

    EmailMessage decodes encoded words (RFC 2047 §2), whatever they contain.
    """
    return " ".join("".join(c if c.isprintable() else " " for c in subject).split()).replace("=?", "= ?")
