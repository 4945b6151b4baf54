"""Says how somebody without a second factor signs in."""

from linkxg.clock import now_ms, read_rfc3339
from linkxg.console.formatting import clock
from linkxg.console.guard import PageRequest
from linkxg.identity.accounts.authentication_policy import required_from
from linkxg.identity.accounts.model import UserView
from linkxg.identity.accounts.read_account import read_account
from linkxg.identity.federation.sso_only import password_allowed


async def describe_sign_in_without_factor(page: PageRequest, person: UserView) -> str:
    """One or two sentences about the person, who has no second factor here."""
    if not await page.database.read(password_allowed, page.account_id, person.id):
        return "None here: they sign in by the identity provider of your company, which has rules of its own."
    account = await read_account(page.database, page.account_id)
    since = read_rfc3339(account.mfa_required_from) if account.mfa_required_from else None
    required = required_from(account.mfa_requirement, since, person.role)
    if not person.has_password:
        how = "None. They have no password either: they sign in by single sign-on, or choose a password by a link."
        return how if required is None else f"{how} With a password, the account requires a second factor."
    if required is None:
        return "None: their password alone signs them in."
    if required > now_ms():
        return f"None: their password alone signs them in until {clock(required)}, when the account requires one."
    return "None. The account requires one: at their next sign-in with the password they have to set it up."
