"""The pages of docs/ agree with the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import typer
from typer.main import get_command

from api.page import DOCS, fences, tables
from architecture.program import ROOT, Route, modules, routes
from linkxg.cli import build
from linkxg.db import InvalidationFeed
from linkxg.db.node_barrier import ACK_TIMEOUT_S
from linkxg.error_catalogue import CATALOGUE
from linkxg.http.permissions import scopes_of
from linkxg.identity.accounts import notice_kinds
from linkxg.identity.accounts.notice_kinds import KINDS, NoticeKind
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.purge import PURGES
from linkxg.settings import describe

API = ("/api/v1/", "/.well-known/", "/healthz", "/readyz", "/metrics")
PAGES = sorted({ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")} | set(DOCS.rglob("*.md")))
_VARIABLE = re.compile(r"\bLINKXG_[A-Z][A-Z_]*[A-Z]\b")
_COMMAND = re.compile(r"(?<![\w./-])linkxg ((?:[a-z]+(?:-[a-z]+)* ?)+)")
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


def test_every_endpoint_is_documented() -> None:
    listed = {(row["method"], row["path"]) for table in tables(DOCS / "api.md") for row in table}
    assert listed == {(route.method, route.path) for route in routes() if route.path.startswith(API)}


def test_endpoints_are_listed_by_path() -> None:
    """Fixed segments come before parameters, as in the reference."""
    listed = [(row["method"], row["path"]) for row in tables(DOCS / "api.md")[0]]
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")

    def order(endpoint: tuple[str, str]) -> tuple[list[tuple[bool, str]], int]:
        return [(part.startswith("{"), part) for part in endpoint[1].split("/")], methods.index(endpoint[0])

    assert listed == sorted(listed, key=order)


_NAMED_ITEM = re.compile(r"^- \*\*.*(?:\n  .*)*", re.MULTILINE)


def test_a_named_item_of_a_list_ends_with_its_sentence() -> None:
    """An item that was inserted into the middle of another one leaves half a sentence in both."""
    cut = [
        f"{page.name}: {item[-60:]}"
        for page in PAGES
        for item in _NAMED_ITEM.findall(page.read_text())
        if item.rstrip()[-1] not in ".:;!?)`|"
    ]
    assert cut == []


# What the page on operations calls the rows that a purge deletes.
RETAINED = {
    "sessions": "sessions",
    "invitations": "invitations",
    "sign_ups": "sign-ups",
    "email_changes": "changes of an e-mail address",
    "login_failures": "failed sign-ins",
    "mfa_challenges": "sign-ins that wait for a second factor",
    "totp_factors": "authenticator apps whose first code never came",
    "password_resets": "password links",
    "passkey_challenges": "sign-ins that wait for a second factor, a passkey",
    "idempotency_keys": "answers stored for `Idempotency-Key`",
    "changes": "invalidation feed",
    "client_secrets": "expired or revoked client secrets",
    "used_dpop_proofs": "used DPoP proofs",
    "client_usage": "expired or revoked client secrets, daily usage counts",
    "used_assertions": "assertions of clients, which are accepted once",
    "refused_requests": "rejected requests of clients",
    "import_parts": "imports: jobs, their files",
    "import_jobs": "imports: jobs",
    "connections": "invitations of companies that led to no connection",
    "feed_entries": "entries of `/shared/changes`",
    "shared_reads": "access log of partners",
    "shares": "shares",
    "share_requests": "requests for a share",
    "passport_access_requests": "requests for access to passports",
    "passport_grants": "grants of access to passports",
    "passport_accesses": "uses of links to passports",
    "scim_tokens": "SCIM tokens",
    "federated_sign_ins": "sign-ins that wait for a second factor, a passkey or an identity provider",
    "federated_sessions": "sessions by an identity provider",
    "logout_tokens": "logout tokens",
    "email_domains": "e-mail domains that were not verified",
}


def test_the_page_on_operations_says_how_long_rows_are_kept() -> None:
    page = (DOCS / "operations.md").read_text().partition("## Retention")[2].partition("\n## ")[0]
    assert RETAINED.keys() == PURGES.keys() - {"expired_shares"}
    assert [name for name, called in RETAINED.items() if f"\n| {called}" not in page] == []


def test_the_capacity_page_matches_its_model() -> None:
    """Of the costs that are kept; the simulation beside it takes a minute and is refreshed by hand."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.capacity"], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    said = [line for line in done.stdout.decode().splitlines() if line]
    assert len(said) > 25
    page = (DOCS / "capacity.md").read_text().splitlines()
    assert [line for line in said if line not in page] == []


def test_documented_metrics_and_log_events_exist() -> None:
    """Names of metrics and of log lines; an alert on a name that is not written never rings."""
    page = (DOCS / "operations.md").read_text()
    sources = "\n".join(module.text for module in modules())
    names = set(re.findall(r"`(linkxg_[a-z_]+|[a-z]+\.[a-z_]+)`", page)) - {"keys.json", "linkxg.db"}
    assert len(names) > 10
    assert [name for name in sorted(names) if f'"{name.removesuffix("_total")}"' not in sources] == []


def test_documented_permissions_match_the_routes() -> None:
    documented = {(row["method"], row["path"]): row["who may"] for table in tables(DOCS / "api.md") for row in table}
    for route in routes():
        if route.path.startswith(API):
            assert documented[route.method, route.path] == _who(route), f"{route.method} {route.path}"


def _who(route: Route) -> str:
    if route.handler is None:
        return "the refresh token" if route.path.endswith("/refresh") else "client authentication"
    opt = route.handler.opt
    if opt.get("client_authentication"):
        return "a resource server, by client authentication"
    if scopes := scopes_of(opt):
        return " and ".join(scopes)
    if opt.get("roles"):
        held = [role.capitalize() for role in EVERYONE if role in opt["roles"]]
        return "any person" if len(held) == len(EVERYONE) else " or ".join(held)
    return "Owner, Admin, or the client itself" if opt.get("any_caller") else "anybody"


def test_every_error_is_documented() -> None:
    rows = [row for table in tables(DOCS / "errors.md") for row in table]
    listed = {(row["status"], row["error"], row["meaning"]) for row in rows}
    assert listed == {(str(error.status), error.code, error.meaning.replace("`", "")) for error in CATALOGUE}


def test_every_setting_is_documented() -> None:
    page = (DOCS / "configuration.md").read_text()
    assert set(_VARIABLE.findall(page)) == {name for name, _, _ in describe()} | _variables_of_commands()


def test_every_kind_of_security_notice_is_documented_and_sent() -> None:
    rows = [row for table in tables(DOCS / "people.md") for row in table if "who is told" in row]
    assert [(row["what"], row["who is told"]) for row in rows] == [(kind.event, kind.told) for kind in KINDS]
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    sources = "\n".join(module.text for module in modules() if not module.name.endswith(".notice_kinds"))
    named = {name: value for name, value in vars(notice_kinds).items() if isinstance(value, NoticeKind)}
    assert set(named.values()) == set(KINDS)
    assert [name for name in named if f"kind={name}" not in sources and f"kind = {name}" not in sources] == []


def test_documented_settings_exist() -> None:
    for page in PAGES:
        known = {name for name, _, _ in describe()} | _variables_of_commands() | _variables_of_client()
        unknown = set(_VARIABLE.findall(page.read_text())) - known
        assert not unknown, f"{page.name} speaks of {unknown}"


def _variables_of_client() -> set[str]:
    """What the client library reads."""
    sources = (ROOT / "sdk" / "python" / "src").rglob("*.py")
    return {name for source in sources for name in _VARIABLE.findall(source.read_text())}


def _variables_of_commands() -> set[str]:
    """What stands for an option of one command, such as an address with a password."""
    group = get_command(build())
    assert isinstance(group, typer.core.TyperGroup)
    return {str(option.envvar) for one in group.commands.values() for option in one.params if option.envvar}


def _commands() -> set[str]:
    """Every command with its group: `keys rotate`."""
    group = get_command(build())
    assert isinstance(group, typer.core.TyperGroup)
    found = set()
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found |= {f"{name} {part}" for part in command.commands}
        else:
            found.add(name)
    return found


def _typed(page: Path) -> set[str]:
    """What follows `linkxg` in the page's blocks and in its code marks."""
    text = page.read_text()
    code = [block for _, _, block in fences(page)] + re.findall(r"`([^`\n]+)`", text)
    return {match.strip() for part in code for match in _COMMAND.findall(part)}


def test_every_command_is_documented() -> None:
    text = " ".join(page.read_text() for page in PAGES)
    missing = {name for name in _commands() if f"linkxg {name}" not in text and name != "version"}
    assert not missing, f"no page tells of linkxg {missing}"


def test_documented_commands_exist() -> None:
    names = _commands()
    groups = {name.partition(" ")[0] for name in names}
    for page in PAGES:
        for typed in _typed(page):
            words = typed.split(" ")
            known = typed in groups or any(" ".join(words[: len(name.split())]) == name for name in names)
            assert known, f"{page.name} speaks of `linkxg {typed}`"


def test_the_pages_agree_on_when_a_revocation_takes_effect() -> None:
    """The figures are those of the program; what is measured is asserted in tests/faults/test_invalidation.py."""
    sentence = (
        "Once a revocation is answered, every worker of the node rejects what was revoked; other nodes follow within "
        f"50 ms (p99, idle), and a node that has not heard from its database for {InvalidationFeed().stale_after:g} "
        "seconds answers 503."
    )
    pages = (ROOT / "README.md", DOCS / "api.md", DOCS / "operations.md")
    assert [page.name for page in pages if sentence not in " ".join(page.read_text().split())] == []
    patience = f"A silent worker delays the answer by {ACK_TIMEOUT_S * 1000:g} ms at most"
    assert patience in " ".join((DOCS / "operations.md").read_text().split())


def test_links_resolve() -> None:
    broken = [
        f"{page.name} links to {target}"
        for page in PAGES
        for target, _ in _LINK.findall(page.read_text())
        if not target.startswith(("http:", "https:", "mailto:")) and not (page.parent / target).exists()
    ]
    assert not broken, "\n".join(broken)


def test_decisions_are_numbered_and_pages_cited_in_code_exist() -> None:
    numbers = [path.name[:4] for path in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    for path in (ROOT / "src").rglob("*.py"):
        for name in re.findall(r"docs/[\w/-]+\.md", path.read_text()):
            assert (ROOT / name).exists(), f"{path.name} speaks of {name}, which does not exist"
