"""The texts of the mails that answer a request for a new password: with a link, or without one.

Each is a subject and a text.
"""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.mail_text import asked_for, last_lines
from linkxg.identity.accounts.model import User
from linkxg.identity.password_reset.model import LIFETIME_MINUTES


def compose_link_mail(actor: Actor, user: User, account: str, public_url: str, token: str) -> tuple[str, str]:
    return (
        f"Choose a new LinkXG password – {account}",
        _first_lines(actor, user, account)
        + f"Choose it here; the link works once, within {LIFETIME_MINUTES} minutes:\n"
        f"{public_url}/password-reset/{token}\n\n"
        "If it was not you, ignore this mail: your password stays as it is.\n\n"
        + last_lines("somebody asked for a link with this address", public_url, actor),
    )


def compose_no_link_mail(
    actor: Actor, user: User, account: str, public_url: str, *, by_company: bool
) -> tuple[str, str]:
    """For a person without a password: how they sign in, or who can give them a first password."""
    how = (
        f"You do not need one: your company signs you in. Go to\n{public_url}/sign-in/sso\n"
        "and enter this address. If you have forgotten the password of your company, ask those who manage it there; "
        "LinkXG does not know it."
        if by_company
        else "You have none here yet. An Owner or Admin of your account can create a link for you with which you "
        "choose one: under Members, on the page of your name."
    )
    return (
        f"How you sign in to LinkXG – {account}",
        _first_lines(actor, user, account) + f"{how}\n\n"
        "If it was not you, ignore this mail: nothing has changed.\n\n"
        + last_lines("somebody asked for a new password with this address", public_url, actor),
    )


def _first_lines(actor: Actor, user: User, account: str) -> str:
    return (
        f"Somebody asked for a new password for {user.email}, who signs in to {account} on LinkXG.\n"
        f"{asked_for(actor, user.time_zone)} Who asked is not known: anybody can who knows your address.\n\n"
    )
