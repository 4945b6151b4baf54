"""`/account/welcome`: what somebody new can do next, by their role."""

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE

WELCOME = "/account/welcome"


@get(WELCOME, **session_roles(EVERYONE))
async def welcome(page: NamedDependency[PageRequest]) -> Response[str]:
    return render(page, "welcome.html")


HANDLERS = (welcome,)
