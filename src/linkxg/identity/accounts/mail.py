"""Sends mail over SMTP, and the texts of invitations."""

from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from linkxg.errors import InvalidRequest
from linkxg.http.logs import log
from linkxg.identity.accounts.model import deliverable

TIMEOUT_S = 10.0

if TYPE_CHECKING:
    from aiosmtplib import SMTP


class Mailer:
    """Sends by SMTP; with no address it says so, and the caller hands the link out instead."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url) if url else None
        self._sender = sender

    @property
    def enabled(self) -> bool:
        return self._url is not None

    async def send(self, to: str, subject: str, text: str) -> bool:
        """Whether the server took the mail; a failure is logged, never raised, and nothing of the text is logged."""
        if self._url is None:
            return False
        try:
            message = EmailMessage()
            message["From"] = self._sender
            message["To"] = deliverable(to)
            message["Subject"] = _one_line(subject)
            message.set_content(text)
            async with self._connection(self._url) as connection:
                await connection.send_message(message)
        except _faults() as error:
            log.warning("mail.failed", fault=type(error).__name__)
            return False
        return True

    async def fault(self) -> str | None:
        """Which fault connecting and signing in to the server meet now; None when all is well, or no server is set."""
        if self._url is not None:
            try:
                async with self._connection(self._url):
                    return None
            except _faults() as error:
                return type(error).__name__
        return None

    @staticmethod
    def _connection(url: SplitResult) -> "SMTP":
        """Connects and signs in when entered."""
        # Loaded when mail is set up, not at every start.
        from aiosmtplib import SMTP

        return SMTP(
            hostname=url.hostname,
            port=url.port,
            use_tls=url.scheme == "smtps",
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            timeout=TIMEOUT_S,
        )


def _faults() -> tuple[type[Exception], ...]:
    from aiosmtplib import SMTPException

    return SMTPException, OSError, ValueError, InvalidRequest


def _one_line(subject: str) -> str:
    """A subject that cannot end its header field (RFC 5322 §2.2): names were stored before they were checked."""
    return " ".join("".join(c if c.isprintable() else " " for c in subject).split())


def invitation_text(account_name: str, link: str) -> tuple[str, str]:
    """(subject, text)."""
    return (
        f"Join {account_name} on LinkXG",
        f"You are invited to join {account_name} on LinkXG.\n\n"
        f"Choose a password here; the link works once, within 7 days:\n{link}\n\n"
        "If you did not expect this, ignore it.\n",
    )
