"""The mails to the Owners about changes of single sign-on."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.identity.accounts.mail_text import label_of
from linkxg.identity.accounts.notice_kinds import DOMAIN_CHANGED, PROVIDER_CHANGED, SSO_ONLY_CHANGED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user
from linkxg.identity.federation.connect_provider import ConnectedProvider
from linkxg.identity.federation.verify_domain import CheckedDomain

_SUBJECT = "Single sign-on changed"
_NAMES = {
    "client_id": "client id",
    "default_role": "role of new people",
    "role_claim": "claim with the roles",
    "role_mapping": "roles by value of the claim",
    "owners_by_claim": "Owners by claim",
    "sso_only": "single sign-on only",
    "break_glass_owner_ids": "Owners who keep their password",
}
"""Of what an Owner sets, but the issuer and the client secret."""


def mail_provider_changed(
    notices: SecurityNotices, actor: Actor, account_id: str, connected: ConnectedProvider
) -> None:
    """To the Owners and the security contact: what was changed, and who signs in with a password from now on."""
    now, was = connected.view, connected.before
    was_only, former = (False, []) if was is None else (was.sso_only, was.break_glass_owner_ids)
    others = former != now.break_glass_owner_ids
    sentences = [_opening(connected)]
    if now.owners_by_claim:
        sentences.append("The provider decides who is an Owner.")
    if was_only and not now.sso_only:
        sentences.append("People may sign in with a password again.")

    def what(conn: Connection) -> str:
        named = []
        if now.sso_only:
            keep = _labels(conn, account_id, now.break_glass_owner_ids)
            named.append(f"People sign in by it only, except for the Owners who keep their password: {keep}.")
        if was_only and others:
            named.append(f"Before, these kept it: {_labels(conn, account_id, former)}.")
        return " ".join(sentences + named)

    kind = SSO_ONLY_CHANGED if others or was_only != now.sso_only else PROVIDER_CHANGED
    notices.owners(actor, account_id, _SUBJECT, what, kind=kind)


def mail_provider_disconnected(notices: SecurityNotices, actor: Actor, account_id: str) -> None:
    what = "The identity provider of your account was disconnected. People sign in with a password."
    notices.owners(actor, account_id, _SUBJECT, what, kind=PROVIDER_CHANGED)


def mail_domain_verified(notices: SecurityNotices, actor: Actor, account_id: str, checked: CheckedDomain) -> None:
    """Unless the domain had been verified before."""
    if not checked.is_new:
        return
    name = checked.view.domain
    what = f"The e-mail domain {name} was verified: its addresses sign in by the identity provider of your account."
    notices.owners(actor, account_id, _SUBJECT, what, kind=DOMAIN_CHANGED)


def mail_domain_removed(notices: SecurityNotices, actor: Actor, account_id: str, domain: str) -> None:
    """`domain` as it was stored."""
    what = f"The e-mail domain {domain} was removed from your account."
    notices.owners(actor, account_id, _SUBJECT, what, kind=DOMAIN_CHANGED)


def _opening(connected: ConnectedProvider) -> str:
    now, was = connected.view, connected.before
    if was is None or was.issuer != now.issuer:
        what = f"The identity provider {now.issuer} was connected to your account."
    else:
        what = f"The connection of your account with the identity provider {now.issuer} was changed."
    if was is None:
        return what
    changed = [name for field, name in _NAMES.items() if getattr(was, field) != getattr(now, field)]
    if connected.secret_changed:
        changed.append("client secret")
    return f"{what} Changed: {', '.join(changed)}." if changed else what


def _labels(conn: Connection, account_id: str, user_ids: list[str]) -> str:
    people = (find_user(conn, account_id, user_id) for user_id in user_ids)
    return ", ".join(label_of(person) for person in people if person is not None) or "nobody"
