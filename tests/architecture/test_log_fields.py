"""No log event has a field of its own under a name that every line has."""

from __future__ import annotations

import ast

from architecture.program import modules
from linkxg.http.logs import RESERVED

LEVELS = {f"log.{level}" for level in ("debug", "info", "warning", "error", "critical", "log")}


def test_events_leave_the_fields_of_every_line_alone() -> None:
    calls = [
        (f"{module}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("logs.").removeprefix("_") in LEVELS
    ]
    assert calls
    wrong = [f"{place}: {names & RESERVED}" for place, names in calls if names & RESERVED]
    assert not wrong, "\n".join([*wrong, "The line's own value would be written over; give the field another name."])
