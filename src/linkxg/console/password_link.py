"""`/account/members/{user_id}/password-link`: makes a link with which a member chooses a new password."""

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.console.form_errors import FormErrors, wait_for_budget, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.members import MEMBER, MEMBERS
from linkxg.console.pages import redirect, render
from linkxg.console.step_up import ask_step_up
from linkxg.errors import AccessDenied, Conflict, RateLimitExceeded
from linkxg.http.permissions import session_roles
from linkxg.http.rate_budgets import caller_key
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.password_reset.create_link import PASSWORD_LINKS, create_link
from linkxg.identity.password_reset.model import PasswordLink


@post(f"{MEMBER}/password-link", **session_roles(ADMINISTRATORS))
async def make(page: NamedDependency[PageRequest], user_id: FromPath[str]) -> Response[str]:
    async def back() -> Response[str]:
        return redirect(page, f"{MEMBERS}/{user_id}")

    asking = await ask_step_up(page, "create a password link", back=back)
    if asking is not None:
        return asking
    services = page.services
    try:
        await services.limits.spend(PASSWORD_LINKS, caller_key(page.account_id, page.person.user_id))
        made = await create_link(
            page.database,
            services.server_key,
            services.notices,
            services.public_url,
            page.actor,
            page.account_id,
            user_id,
            page.form.idempotency_key,
        )
    except RateLimitExceeded as error:
        return _show(page, user_id, None, wait_for_budget(error), error.status)
    except (AccessDenied, Conflict) as error:
        return _show(page, user_id, None, whole_form(error.description), error.status)
    return _show(page, user_id, made.value)


HANDLERS = (make,)


def _show(
    page: PageRequest, user_id: str, link: PasswordLink | None, errors: FormErrors | None = None, status: int = 200
) -> Response[str]:
    here = f"{MEMBERS}/{user_id}"
    return render(page, "password_link.html", status=status, link=link, member=here, errors=errors)
