"""The mails to the Owners about changes of single sign-on."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.notice_kinds import DOMAIN_CHANGED, PROVIDER_CHANGED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.federation.model import IdentityProviderView
from linkxg.identity.federation.verify_domain import CheckedDomain

_SUBJECT = "Single sign-on changed"


def provider_changed(notices: SecurityNotices, actor: Actor, account_id: str, provider: IdentityProviderView) -> None:
    what = f"The identity provider {provider.issuer} was connected to your account, or its connection was changed."
    if provider.sso_only:
        what += " People sign in by it only, except for the Owners who keep their password."
    notices.owners(actor, account_id, _SUBJECT, what, kind=PROVIDER_CHANGED)


def provider_disconnected(notices: SecurityNotices, actor: Actor, account_id: str) -> None:
    what = "The identity provider of your account was disconnected."
    notices.owners(actor, account_id, _SUBJECT, what, kind=PROVIDER_CHANGED)


def domain_verified(notices: SecurityNotices, actor: Actor, account_id: str, checked: CheckedDomain) -> None:
    """Unless the domain had been verified before."""
    if not checked.is_new:
        return
    name = checked.view.domain
    what = f"The e-mail domain {name} was verified: its addresses sign in by the identity provider of your account."
    notices.owners(actor, account_id, _SUBJECT, what, kind=DOMAIN_CHANGED)


def domain_removed(notices: SecurityNotices, actor: Actor, account_id: str, domain: str) -> None:
    """`domain` as it was stored."""
    what = f"The e-mail domain {domain} was removed from your account."
    notices.owners(actor, account_id, _SUBJECT, what, kind=DOMAIN_CHANGED)
