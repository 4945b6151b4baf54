"""Routes, verbs and stores keep to their layer.

Inside a feature: `routes → verbs → store → model`. SQL lives in stores, so that both engines and every index can be
thought about in one place; HTTP lives at the edge, so that the console, the API and the command line share the verbs.
"""

from __future__ import annotations

import ast
import re

from architecture.program import Module, modules, package_of

# Who may speak HTTP, besides `routes.py` and `*_endpoint.py` of any feature.
HTTP_PACKAGES = {"http", "server", "console", "app", "api_docs", "health"}
HTTP_FILES = {
    "identity/tokens/guard.py": "the guard stands between the router and the features",
    "identity/scim/guard.py": "the guard of SCIM stands between the router and its routes",
    "network/epcis/http_pages.py": "parameters and pages that the routes of three packages share",
    "network/epcis/query/events_response.py": "the answer of four routes that find events",
}
HTTP_EXCHANGE = {
    **HTTP_FILES,
    "audit/model.py": "an actor is read off a request in one place, for every feature",
    "identity/oauth/client_assertion_reader.py": "the first steps of these endpoints, for credentials of another kind",
    "identity/oauth/client_credentials_reader.py": "the first steps of the endpoints that take client credentials",
    "identity/oauth/bind_sender.py": "binds a token to the proof and the certificate of its request",
    "identity/sender_constraint/check_sender.py": "compares a token with the proof and the certificate of its request",
    "identity/sender_constraint/client_certificate.py": "reads the certificate of a request",
    "identity/sender_constraint/dpop.py": "compares a proof with its request",
    "catalog/product_imports/read_body.py": "reads the file of a request, which is never held in memory",
    "identity/clients/usage.py": "counts requests, and notes which one was refused",
}
STORE = re.compile(r"[._]store\b")
# `authentication_methods` is a model: names, and how they are written.
MODEL_OR_STORE = re.compile(r"[._](model|store|authentication_methods)\b")
# Reading another feature's rows is a question; changing them is that feature's business.
READING = ("find_", "list_", "count_", "lock_")
WRITES_ELSEWHERE = {
    (
        "identity/accounts/next_epoch.py",
        "identity.authorization.live_session_store.note_end_reason",
    ): "the sessions that end with an epoch say why",
    ("identity/accounts/create_account.py", "audit.store.insert_head"): "an account begins together with its trail",
    (
        "identity/sessions/login.py",
        "identity.accounts.store.update_password_hash",
    ): "a sign-in with an old hash makes a new one",
    (
        "identity/sessions/change_password.py",
        "identity.accounts.store.update_password_hash",
    ): "password and sessions change as one",
    (
        "identity/client_assertions/manage_credentials.py",
        "identity.clients.store.update_client",
    ): "a key and the method that it permits are added as one; one that is removed begins the next epoch of the client",
    (
        "network/connections/revoke.py",
        "catalog.products.share_store.withdraw_shares_of_connection",
    ): "the shares of a connection end with it, in one transaction",
    (
        "network/feed/share_expiries.py",
        "catalog.products.share_store.record_expiries",
    ): "an expired share is recorded together with its entry in the feed",
    (
        "network/feed/share_expiries.py",
        "catalog.products.share_store.record_all_expiries",
    ): "an expired share is recorded together with its entry in the feed",
    (
        "network/shares/create_share.py",
        "catalog.products.share_store.record_same_expiries",
    ): "a new share records the expired ones of the same products, together with their entries in the feed",
    (
        "catalog/product_imports/apply_dry_run.py",
        "jobs.open_jobs_store.lock_jobs",
    ): "a lock, which writes nothing: of two requests at once the second finds the import of the first",
    (
        "network/shares/create_share.py",
        "catalog.products.share_store.insert_share",
    ): "shares are in the catalog's store, where products of others are read by them",
}
# What administers the database as a whole: purging, backup, restore, standing.
ADMINISTERS = {"purge", "ops", "cli"}


def _is_routes(module: Module) -> bool:
    return module.path.name == "routes.py" or module.path.name.endswith("_endpoint.py")


def _is_store(module: Module) -> bool:
    return module.path.name == "store.py" or module.path.name.endswith("_store.py")


def _report(wrong: list[str], reason: str) -> None:
    assert not wrong, "\n".join([*wrong, reason])


def test_the_framework_stays_at_the_edge() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in modules()
        if module.package not in HTTP_PACKAGES and not _is_routes(module) and module.relative_path not in HTTP_FILES
        for line, name in module.imports()
        if name.split(".")[0] == "litestar"
    ]
    _report(wrong, "Verbs know no HTTP: the console and the command line call them too.")


def test_requests_stay_in_routes() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in modules()
        if module.package not in HTTP_PACKAGES and not _is_routes(module) and module.relative_path not in HTTP_EXCHANGE
        for line, name in module.imports()
        if name.startswith("linkxg.http.request_context")
    ]
    _report(wrong, "Take the values out of the request in routes.py, and hand them in.")


def test_sql_stays_in_stores() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in modules()
        if module.package != "db" and not _is_store(module)
        for line, name in module.imports()
        if name.split(".")[0] in {"sqlalchemy", "sqlite3", "asyncpg"} and name != "sqlalchemy.Connection"
    ]
    _report(wrong, "Statements belong in store.py; a unit of work gets a Connection.")


EXECUTES = {"execute", "exec_driver_sql", "executemany", "scalar", "scalars"}
# What makes statements, and what they are made for.
STATEMENTS = ("linkxg.db.compiled", "linkxg.db.bulk", "linkxg.db.schema")


def test_statements_are_made_and_executed_in_stores_alone() -> None:
    others = [module for module in modules() if module.package != "db" and not _is_store(module)]
    wrong = [
        f"{module}:{node.lineno} executes {ast.unparse(node.func)}"
        for module in others
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EXECUTES
    ]
    wrong += [
        f"{module}:{line} imports {name}"
        for module in others
        for line, name in module.imports()
        if name.startswith(STATEMENTS) and not name.endswith(".AnyRow")
    ]
    wrong += [
        f"{module} is called a store, and has no SQL"
        for module in modules()
        if _is_store(module)
        if not _has_sql(module)
    ]
    _report(wrong, "Only stores hold SQL, and whatever holds SQL is `store.py` or `*_store.py`.")


def _has_sql(module: Module) -> bool:
    return any(name.startswith(("sqlalchemy.", *STATEMENTS)) for _, name in module.imports())


def _stores_of_others(module: Module) -> list[tuple[int, str]]:
    """(line, `feature.store.name`) of what the module uses of other packages' stores."""
    return [
        (line, name.removeprefix("linkxg."))
        for line, name in module.imports()
        if name.startswith("linkxg.") and STORE.search(name) and package_of(name) != module.package
    ]


def test_a_feature_writes_only_its_own_tables() -> None:
    wrong = [
        f"{module}:{line} uses {used}"
        for module in modules()
        if module.package not in ADMINISTERS and not _is_store(module)
        for line, used in _stores_of_others(module)
        if not used.rpartition(".")[2].startswith(READING) and (module.relative_path, used) not in WRITES_ELSEWHERE
    ]
    _report(
        wrong,
        "Another feature's rows may be read or locked (find_, list_, count_, lock_); to change them call its "
        "verb, or list the case in WRITES_ELSEWHERE with its reason.",
    )


def test_the_console_calls_verbs() -> None:
    wrong = [
        f"{module}:{line} uses {used}"
        for module in modules()
        if module.package == "console"
        for line, used in _stores_of_others(module)
    ]
    _report(wrong, "The console is a second edge over the same verbs as the API: what it needs is a verb.")


SLEEPS = {"db/writer_lock.py"}
"""Waits for the file lock of another process, of which no event with a bound tells; only the writer's thread does."""


def test_stores_import_no_verbs_and_no_routes() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in modules()
        if _is_store(module)
        for line, name in module.imports()
        if name.startswith(f"linkxg.{module.package}.") and not MODEL_OR_STORE.search(name)
    ]
    _report(wrong, "Inside a feature: routes → verbs → store → model.")


def test_nothing_sleeps_on_the_event_loop() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module in modules()
        if module.relative_path not in SLEEPS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}
    ]
    _report(wrong, "Wait for the event that is meant, with a bound.")


def test_no_exception_is_stale() -> None:
    inside = {module.relative_path: module for module in modules()}
    idle = [path for path in HTTP_EXCHANGE if "linkxg.http.request_context" not in str(list(inside[path].imports()))]
    idle += [f"{path}: {used}" for path, used in WRITES_ELSEWHERE if used not in str(_stores_of_others(inside[path]))]
    _report(idle, "An exception that nothing needs any more is an open door: remove it.")
