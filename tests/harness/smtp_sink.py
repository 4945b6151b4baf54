"""An SMTP server that keeps the messages that the program sends."""

from __future__ import annotations

import email
import email.policy
import threading
import time
from dataclasses import dataclass
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from harness.processes import free_port


@dataclass(frozen=True)
class Mail:
    """One accepted message."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def is_to(self, recipient: str, subject: str = "") -> bool:
        """Whether it went to this address, and its subject has these words."""
        return recipient in self.recipients and subject in str(self.parsed()["Subject"])

    def text(self) -> str:
        """The plain-text part, decoded."""
        part = self.parsed().get_body(("plain",))
        return str(part.get_content()) if part is not None else ""


class SmtpSink:
    """A mail server on a loopback port that keeps what it accepts: everything, unless `accepts` is false."""

    def __init__(self) -> None:
        self.port = free_port()
        self.accepts = True
        self._mails: list[Mail] = []
        self._news = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.accepts:
            return "550 No such mailbox"
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        with self._news:
            self._mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw))
            self._news.notify_all()
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[Mail]:
        """Every message that has come so far."""
        with self._news:
            return list(self._mails)

    def start(self) -> SmtpSink:
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop()

    def wait_for(self, recipient: str, timeout: float = 15.0, *, subject: str = "", number: int = 1) -> Mail:
        """The first message, or that of this number, to this address whose subject has these words."""
        return self.wait_for_all(recipient, number, subject, timeout=timeout)[number - 1]

    def wait_for_all(self, recipient: str, count: int, subject: str = "", timeout: float = 15.0) -> list[Mail]:
        """At least `count` messages to this address whose subject has these words, oldest first."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = [mail for mail in self._mails if mail.is_to(recipient, subject)]
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                assert left > 0, f"{len(found)} mails {subject!r} came to {recipient} within {timeout:.0f} s"
                self._news.wait(left)
