"""Every rate budget of the program is listed on the page, with its numbers."""

from __future__ import annotations

import importlib

from api.page import DOCS, tables
from architecture.program import modules, routes
from linkxg.http.permissions import SOURCE_BUDGET
from linkxg.http.rate_limits import Budget

# The probe with which `linkxg doctor` asks whether the counters can be reached.
UNLISTED = {"doctor"}


def test_every_rate_budget_is_documented() -> None:
    found: dict[str, Budget] = {}
    for module in modules():
        if "Budget(" in module.text:
            held = vars(importlib.import_module(module.name)).values()
            found |= {value.name: value for value in held if isinstance(value, Budget)}
    (rows,) = tables(DOCS / "limits.md")
    listed = {(row["Budget"], int(row["Requests"]), int(row["Seconds"])) for row in rows}
    assert listed == {tuple(budget) for name, budget in found.items() if name not in UNLISTED}


def test_every_public_route_that_takes_a_body_has_a_budget() -> None:
    for route in routes():
        if route.handler is not None and route.method == "POST" and route.handler.opt.get("public"):
            assert route.handler.opt[SOURCE_BUDGET] is not None, f"{route.method} {route.path}"
