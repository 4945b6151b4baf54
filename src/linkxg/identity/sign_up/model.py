"""Who may create an account over the network, and the bodies of a sign-up."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec

from linkxg.clock import DAY
from linkxg.errors import SignUpDisabled
from linkxg.http.rate_limits import Budget
from linkxg.http.route_declaration import described
from linkxg.identity.accounts.model import MAX_ACCOUNT_NAME, MAX_EMAIL, AccountView, UserView
from linkxg.identity.accounts.password_rules import MINIMUM

LIFETIME_MS = DAY
MAX_PENDING = 10_000
"""Rows of all addresses together; beyond them the oldest are deleted."""
SIGN_UPS = Budget("sign-up-source", 20, 3_600)
MAILS = Budget("sign-up-mails", 3, 3_600)
"""Per mailbox, always in the database."""


class SignUpMode(StrEnum):
    """Who may create an account over the network; everybody else asks the operator (`linkxg bootstrap`)."""

    OFF = "off"
    INVITED = "invited"
    OPEN = "open"

    @property
    def by_invitation(self) -> bool:
        """Whether the invitation of a partner creates an account."""
        return self is not SignUpMode.OFF

    @property
    def by_anybody(self) -> bool:
        return self is SignUpMode.OPEN

    def require_invitation(self) -> None:
        """Raises SignUpDisabled unless the invitation of a partner creates an account."""
        if not self.by_invitation:
            raise SignUpDisabled

    def require_open(self) -> None:
        """Raises SignUpDisabled unless anybody may create an account."""
        if self is SignUpMode.INVITED:
            raise SignUpDisabled("This server creates accounts only by the invitation of a partner.")
        self.require_invitation()


class SignUp(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"email": "olivia@acme.example"}

    email: Annotated[str, described(format="email", maxLength=MAX_EMAIL)]


class SignUpRequested(msgspec.Struct, rename="camel"):
    """The same answer for every address: a mail is on its way, with a link or with what to do instead."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"email": "olivia@acme.example", "expiresIn": 86_400}

    email: str
    expires_in: int = LIFETIME_MS // 1_000


class CompleteSignUp(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`token` is the last part of the mailed link."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "token": "lxgsup_...",
        "accountName": "Acme GmbH",
        "password": "correct horse battery staple",
    }

    token: str
    account_name: Annotated[str, described(minLength=1, maxLength=MAX_ACCOUNT_NAME)]
    password: Annotated[str, described(minLength=MINIMUM)]


class CreatedAccount(msgspec.Struct):
    """A new account and its Owner."""

    account: AccountView
    owner: UserView
