"""Packages import only from their left.

`docs/architecture.md`, «Import direction». A cycle between features is how a program becomes one big ball: what can be
read, tested and replaced alone stays so only while the arrows point one way.
"""

from __future__ import annotations

from architecture.program import GROUPS, modules, package_of

SPINE = (
    ("rejection_causes",),
    ("", "clock", "ids", "errors", "settings"),
    ("error_catalogue",),
    ("runtime",),
    ("crypto", "db", "http"),
    ("audit",),
    ("identity",),
    ("identity.jwt_segment",),
    ("identity.authorization",),
    ("identity.accounts",),
    ("identity.federation",),
    ("identity.sender_constraint",),
    ("identity.tokens",),
    ("identity.clients",),
    ("identity.client_assertions",),
    ("identity.sessions", "identity.oauth", "identity.sign_up", "identity.scim"),
    ("identity.passkeys", "identity.single_sign_on"),
    ("identity.factors",),
    ("identity.passkey_registration", "identity.password_reset"),
    ("jobs",),
    ("catalog",),
    ("catalog.identifiers",),
    ("catalog.products",),
    ("catalog.product_imports",),
    ("network",),
    ("network.bounded_schema", "network.check_fields"),
    ("network.feed",),
    ("network.connections",),
    ("network.shares",),
    ("network.shared_products", "network.requests"),
    ("network.access_log",),
    ("network.epcis",),
    (
        "network.epcis.errors",
        "network.epcis.gs1_headers",
        "network.epcis.page_tokens",
        "network.epcis.query_string",
        "network.epcis.scopes",
    ),
    ("network.epcis.http_pages",),
    ("network.epcis.discovery_endpoint",),
    ("network.epcis.documents",),
    ("network.epcis.events",),
    ("network.epcis.capture", "network.epcis.query"),
    ("network.epcis.subscriptions",),
    ("network.epcis.routes",),
    ("network.traceability",),
    ("network.recalls",),
    ("network.passports",),
    ("network.passports.documents",),
    ("network.passports.issue", "network.passports.pages"),
    ("network.passports.signing",),
    ("network.passports.read",),
    ("network.passports.resolver", "network.passports.carriers", "network.passports.access"),
    ("network.passports.en18222", "network.passports.validation"),
    ("network.passports.routes",),
    ("network.open_tasks",),
    ("secret_scanning",),
    ("publish_hooks",),
    ("api_docs", "health", "purge", "job_kinds", "lifespan"),
    ("console",),
    ("app",),
    ("server",),
    ("ops",),
    ("cli",),
    ("__main__",),
)
KIND_WORDS = ("product", "gtin", "sku")
RANK = {package: rank for rank, packages in enumerate(SPINE) for package in packages}
# Everything else gets values as arguments, so that it can be used and tested without an environment.
READS_SETTINGS = {"app", "server", "ops", "cli", "settings"}


def _target(name: str) -> str | None:
    """The package of the program that an imported name belongs to."""
    if name.split(".")[0] != "linkxg":
        return None
    package = package_of(name)
    return package if package in RANK else ""


def test_every_package_has_a_rank() -> None:
    unknown = {module.package for module in modules()} - RANK.keys()
    assert not unknown, f"{unknown} have no place in SPINE: decide what they may import, and who may import them"


def test_imports_point_left() -> None:
    wrong = [
        f"{module}:{line} imports {name}: `{target}` stands beside or to the right of `{module.package}`"
        for module in modules()
        for line, name in module.imports()
        if (target := _target(name)) is not None and target != module.package
        if RANK[target] >= RANK[module.package]
    ]
    assert not wrong, "\n".join([*wrong, "Move what both need to the left, or hand it in as an argument."])


def test_the_job_engine_knows_no_kind_of_job() -> None:
    """Kinds of jobs are handed to the engine (`jobs.handler`), which imports none of them and names none."""
    engine = [module for module in modules() if module.package == "jobs"]
    assert engine
    wrong = [
        f"{module}:{line} imports {name}"
        for module in engine
        for line, name in module.imports()
        if package_of(name).partition(".")[0] in GROUPS - {"identity"} or name.startswith("importlib")
    ]
    wrong += [f"{module} says {word}" for module in engine for word in KIND_WORDS if word in module.text.lower()]
    assert not wrong, "\n".join([*wrong, "What depends on the kind of job belongs to its handler."])


def test_only_app_and_cli_read_settings() -> None:
    wrong = [
        f"{module}:{line} imports {name}"
        for module in modules()
        if module.package not in READS_SETTINGS
        for line, name in module.imports()
        if name.startswith("linkxg.settings")
    ]
    assert not wrong, "\n".join(
        [*wrong, "Only `app` and `cli` read settings: everything else gets values as arguments."]
    )
