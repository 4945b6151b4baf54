"""`POST /sign-in/sso/{account}/backchannel-logout`: OpenID Connect Back-Channel Logout 1.0, section 2.5."""

from typing import Any

from litestar import MediaType, Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from linkxg.audit.model import actor_of
from linkxg.errors import InvalidRequest
from linkxg.http.body_style import BodyStyle
from linkxg.http.forms import is_form, read_form, refuse_form_coding
from linkxg.http.permissions import public
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import context_of
from linkxg.identity.single_sign_on.back_channel_logout import log_out
from linkxg.identity.single_sign_on.begin_sign_in import SingleSignOnServices

PATH = "/sign-in/sso/{account_id:str}/backchannel-logout"
LOGOUTS = Budget("backchannel-logout-source", 600, 60)
_LIMIT = 40 * 1024


@post(
    PATH,
    status_code=200,
    style=BodyStyle.SIGN_IN,
    include_in_schema=False,
    **public(LOGOUTS),
)
async def backchannel_logout(
    request: Request[Any, Any, Any], services: NamedDependency[SingleSignOnServices], account_id: FromPath[str]
) -> Response[str]:
    """For identity providers: end the sessions that the logout token names."""
    context = context_of(request.scope)
    if not is_form(context.header(b"content-type")):
        raise InvalidRequest("Send the form as application/x-www-form-urlencoded.")
    refuse_form_coding(context.header(b"content-encoding"))
    token = read_form(await context.body(_LIMIT)).get("logout_token")
    if token is None:
        raise InvalidRequest("The parameter logout_token is missing.")
    context.notes["sessions_ended"] = await log_out(services, actor_of(context), account_id, token)
    return Response("", media_type=MediaType.TEXT, headers={"Cache-Control": "no-store"})


def router(services: SingleSignOnServices) -> Router:
    return Router(
        "/",
        route_handlers=[backchannel_logout],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
