"""The mails to the Owners about changes of single sign-on."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.federation.model import IdentityProviderView

_SUBJECT = "Single sign-on changed"


def provider_changed(notices: SecurityNotices, actor: Actor, account_id: str, provider: IdentityProviderView) -> None:
    what = f"The identity provider {provider.issuer} was connected to your account, or its connection was changed."
    if provider.sso_only:
        what += " People sign in by it only, except for the Owners who keep their password."
    notices.owners(actor, account_id, _SUBJECT, what)


def provider_disconnected(notices: SecurityNotices, actor: Actor, account_id: str) -> None:
    notices.owners(actor, account_id, _SUBJECT, "The identity provider of your account was disconnected.")


def domain_verified(notices: SecurityNotices, actor: Actor, account_id: str, domain: str) -> None:
    what = f"The e-mail domain {domain} was verified: its addresses sign in by the identity provider of your account."
    notices.owners(actor, account_id, _SUBJECT, what)


def domain_removed(notices: SecurityNotices, actor: Actor, account_id: str, domain: str) -> None:
    notices.owners(actor, account_id, _SUBJECT, f"The e-mail domain {domain} was removed from your account.")
