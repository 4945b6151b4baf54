"""What Owners and Admins change needs a recent authentication, by the API and in the console (security rule 186)."""

from __future__ import annotations

import inspect

from architecture.program import Route, routes
from linkxg.console.factor_removal import remove_with_confirmation
from linkxg.http.permissions import RECENT
from linkxg.identity.accounts.roles import ADMINISTRATORS

# Whoever adds to these lists says why a stolen session may do it.
API_EXCEPTIONS: dict[str, str] = {}
CONSOLE_EXCEPTIONS = {
    "POST /account/api-access/{client_id}/env": "writes nothing",
    "POST /account/api-access/{client_id}/test": "writes nothing",
    "POST /account/security/codes": "writes nothing",
    "POST /account/password": "the form has the current password",
    "POST /account/profile/email": "the form has the current password",
    "POST /account/profile": "the name and the like, as PATCH /auth/me",
    "POST /account/passkeys/{passkey_id}": "a name, as PATCH /auth/factors/{factor_id}",
    "POST /account/sessions/{session_id}/end": "nothing is to delay the end of a stolen session",
}


# `remove_with_confirmation` asks for its callers.
_ASKS = ("await ask_step_up(", "await remove_with_confirmation(")


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_rule_186_every_api_route_of_owners_and_admins_declares_it() -> None:
    lacking = {
        _name(route)
        for route in routes()
        if route.handler is not None
        and route.method not in ("GET", "HEAD")
        and frozenset() < route.handler.opt.get("roles", frozenset()) <= frozenset(ADMINISTRATORS)
        and route.handler.opt.get(RECENT) is None
    }
    assert lacking == set(API_EXCEPTIONS), "declare `recent` in roles(...)"


def _account_forms() -> dict[str, str]:
    """The forms of the console below /account, with the code of their handlers."""
    return {
        _name(route): inspect.getsource(route.handler.fn)
        for route in routes()
        if route.handler is not None and route.method == "POST" and route.path.startswith("/account/")
    }


def test_rule_186_every_form_of_the_account_asks_for_it() -> None:
    lacking = {name for name, code in _account_forms().items() if not any(call in code for call in _ASKS)}
    assert lacking == set(CONSOLE_EXCEPTIONS), "call ask_step_up(page, …) before the change"
    assert "await ask_step_up(" in inspect.getsource(remove_with_confirmation)


def test_the_way_back_from_the_question_leads_to_a_page() -> None:
    pages = {route.path for route in routes() if route.method == "GET"}
    lost = [
        name
        for name, code in _account_forms().items()
        if "ask_step_up(" in code and "back=" not in code and name.removeprefix("POST ") not in pages
    ]
    assert not lost, "pass `back`: no page has this address"
