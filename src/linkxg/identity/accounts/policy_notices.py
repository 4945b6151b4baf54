"""Security notices about what an account requires of sign-ins and secrets: how it was and how it is."""

from linkxg.audit.model import Actor
from linkxg.clock import read_rfc3339
from linkxg.identity.accounts.authentication_policy import Requirement
from linkxg.identity.accounts.change_account import ChangedAccount
from linkxg.identity.accounts.mail_text import local_time
from linkxg.identity.accounts.model import AccountView
from linkxg.identity.accounts.notice_kinds import SECRET_LIFETIME_CHANGED, SIGN_IN_RULES_CHANGED
from linkxg.identity.accounts.security_notices import SecurityNotices

_WHO: dict[Requirement, str] = {"NONE": "nobody", "ADMINISTRATORS": "Owners and Admins", "EVERYBODY": "everybody"}
_STRENGTH: dict[Requirement, int] = {"NONE": 0, "ADMINISTRATORS": 1, "EVERYBODY": 2}


def mail_policy_changed(notices: SecurityNotices, actor: Actor, account_id: str, changed: ChangedAccount) -> None:
    """To the Owners and the security contact, and the former one: it is no way to change the contact first."""
    former, is_weaker, sentences = changed.before.security_contact, False, []
    for change in (_requirement_change(changed), _step_up_change(changed)):
        if change is not None:
            sentences.append(change[0])
            is_weaker = is_weaker or change[1]
    if sentences:
        subject = "Sign-in rules weakened" if is_weaker else "Sign-in rules changed"
        what = "\n".join(sentences)
        notices.owners(actor, account_id, subject, what, kind=SIGN_IN_RULES_CHANGED, former_contact=former)
    was, now = changed.before.client_lifetime_days, changed.view.client_lifetime_days
    if was != now:
        what = _lifetime_change(was, now)
        subject = "Lifetime of new secrets changed"
        notices.owners(actor, account_id, subject, what, kind=SECRET_LIFETIME_CHANGED, former_contact=former)


def _lifetime_change(was: int | None, now: int | None) -> str:
    if now is None:
        return f"New secrets of OAuth clients no longer expire; before, they expired after {was:,} days."
    before = "they did not" if was is None else f"after {was:,} days"
    return f"New secrets of OAuth clients now expire after {now:,} days; before, {before}."


def _requirement_change(changed: ChangedAccount) -> tuple[str, bool] | None:
    """What to say of the second factor, and whether fewer need one, or later."""
    now, was = changed.view, changed.before
    if (now.mfa_requirement, now.mfa_required_from) == (was.mfa_requirement, was.mfa_required_from):
        return None
    is_lower = _STRENGTH[now.mfa_requirement] < _STRENGTH[was.mfa_requirement]
    is_later = was.mfa_requirement != "NONE" and _since(now) > _since(was)
    what = f"A second factor is now required of {_required(now)}; before, of {_required(was)}."
    return what, is_lower or is_later


def _step_up_change(changed: ChangedAccount) -> tuple[str, bool] | None:
    """What to say of step-up, and whether an older authentication is enough."""
    now, was = changed.view.step_up_minutes, changed.before.step_up_minutes
    if now == was:
        return None
    changes = "Changes of clients, secrets, people and the account by the API"
    if now is None:
        what = f"{changes} no longer need a new authentication; before, they needed one after {was:,} minutes."
    else:
        before = "they did not" if was is None else f"after {was:,} minutes"
        what = f"{changes} now need a new authentication after {now:,} minutes; before, {before}."
    return what, was is not None and (now is None or now > was)


def _required(account: AccountView) -> str:
    if account.mfa_requirement == "NONE":
        return "nobody"
    return f"{_WHO[account.mfa_requirement]} from {local_time(_since(account), None)} on"


def _since(account: AccountView) -> int:
    return (read_rfc3339(account.mfa_required_from) if account.mfa_required_from else None) or 0
