"""`/account/welcome`: the next steps of a new account."""

from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import ADMINISTRATORS

WELCOME = "/account/welcome"


@get(WELCOME, **session_roles(ADMINISTRATORS))
async def welcome(page: NamedDependency[PageRequest]) -> Response[str]:
    return render(page, "welcome.html")


HANDLERS = (welcome,)
