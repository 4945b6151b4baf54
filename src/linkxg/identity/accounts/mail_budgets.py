"""How many mails a mailbox gets, whoever causes them.

Counted by the mailbox in the rate budgets. Two kinds of mail are counted in the database instead, by the rows that
their links need anyway: password resets, whose number follows from the lifetime of a link, and sign-ups.
"""

from linkxg.crypto.secrets import digest
from linkxg.errors import RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.rate_limits import Budget, Limits
from linkxg.identity.accounts.model import email_key


def mailbox_of(email: str) -> str:
    """The key of an address without its subaddress (RFC 5233): `olivia+1@acme.example` is delivered to olivia."""
    local, _, domain = email_key(email).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


async def may_mail(limits: Limits, budget: Budget, email: str, kind: str = "", *, uncounted: bool = False) -> bool:
    """Count a mail of this kind to the mailbox; false if it has had too many.

    `uncounted` is the answer while the counters are away.
    """
    try:
        await limits.spend(budget, digest(f"{kind}\n{mailbox_of(email)}").hex())
    except RateLimitExceeded:
        return False
    except TemporarilyUnavailable:
        return uncounted
    return True
