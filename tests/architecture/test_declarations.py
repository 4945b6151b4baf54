"""A route declares all about itself where it is defined: `http` and `api_docs` know no feature."""

from __future__ import annotations

import re

from architecture.program import SOURCE, edge, modules, routes
from linkxg.app import BASE
from linkxg.http.body_style import BodyStyle
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.tokens.scopes import SCOPES


def _groups() -> dict[str, set[BodyStyle]]:
    """The styles of the routes below the base, by the first part of their path."""
    found: dict[str, set[BodyStyle]] = {}
    for route in routes():
        if route.path.startswith(f"{BASE}/"):
            group = route.path.removeprefix(f"{BASE}/").partition("/")[0]
            found.setdefault(group, set()).add(route.style)
    return found


def test_routes_of_one_path_prefix_have_one_body_style() -> None:
    """So what has no route there can be refused alike: an unknown address, plain HTTP."""
    mixed = {group: styles for group, styles in _groups().items() if len(styles) > 1}
    assert not mixed, "routes of one group declare different styles: see http/body_style.py"
    oauth = {group for group, styles in _groups().items() if styles == {BodyStyle.OAUTH}}
    assert edge().groups.oauth == tuple(f"{BASE}/{group}/" for group in sorted(oauth))
    assert oauth == {"oauth"}


def test_only_the_console_declares_pages() -> None:
    for route in routes():
        of_console = route.handler is not None and route.handler.fn.__module__.startswith("linkxg.console.")
        assert (route.style is BodyStyle.PAGE) == of_console, f"{route.method} {route.path}"


def test_http_names_no_path_role_scope_or_credential_of_a_feature() -> None:
    firsts = {part for route in routes() for part in route.path.removeprefix(BASE).split("/")[1:2] if "{" not in part}
    path = rf"(?<![\w./`])/(?:api|{'|'.join(map(re.escape, filter(None, firsts)))})\b"
    named = re.compile(rf"{path}|\b(?:{'|'.join([*EVERYONE, *SCOPES])})\b|lxg[a-z]{{3}}_")
    wrong = [
        f"{module}:{number} names {found[0]}"
        for module in modules()
        if module.path.is_relative_to(SOURCE / "http")
        for number, line in enumerate(module.text.splitlines(), 1)
        if (found := named.search(line))
    ]
    assert not wrong, "\n".join([*wrong, "What belongs to a feature is declared there, and handed in."])


# What every route shares, and the endpoint that security schemes are described by.
SHARED = {"identity.accounts.roles", "identity.tokens.scopes", "db.idempotency", "identity.oauth.token_endpoint"}


def test_api_docs_names_no_feature() -> None:
    ids = {str(route.handler.operation_id) for route in routes() if route.handler and route.handler.operation_id}
    # Those of one word, such as `login`, are words of the prose as well.
    known = re.compile(rf"\b(?:{'|'.join(name for name in ids if not name.islower())})\b")
    wrong = [
        f"{module}:{line} imports {name}"
        for module in modules()
        if module.package == "api_docs"
        for line, name in module.imports()
        if name.startswith("linkxg.") and name.split(".")[1] not in {"errors", "error_catalogue", "api_docs", "http"}
        if name.removeprefix("linkxg.").rpartition(".")[0] not in SHARED
    ]
    wrong += [
        f"{module} names {found[0]}"
        for module in modules()
        if module.package == "api_docs" and (found := known.search(module.text))
    ]
    assert not wrong, "\n".join([*wrong, "A route declares all about itself where it is defined."])
