"""Downloads that cost much have a budget on every page, and their tables are written off the event loop."""

from __future__ import annotations

import ast
import asyncio
import threading

from architecture.program import SOURCE
from linkxg.http.csv_response import csv_response

COSTLY = {"read_notice_items", "read_recipient_items", "find_dead_letter", "stream_document"}
# Read with the question of a form; the announcement that follows has its own budget.
EXEMPT = {"_read_recalled"}


def test_pages_spend_a_budget_on_what_costs_much() -> None:
    """Security rule 228: the API had a budget for all items of a recall, and the page with the same table had none."""
    unbounded = []
    for path in sorted((SOURCE / "console").glob("*.py")):
        functions = [one for one in ast.parse(path.read_text()).body if isinstance(one, ast.AsyncFunctionDef)]
        calls = {one.name: _names(one) for one in functions}
        costly = {name for name, called in calls.items() if called & COSTLY or "whole" in called}
        for handler in functions:
            called = calls[handler.name]
            is_get = any("get" in ast.unparse(one).split("(")[0] for one in handler.decorator_list)
            reached = {handler.name, *_called(handler)} & costly - EXEMPT
            if is_get and reached and not any("spend" in name for name in called):
                unbounded.append(f"{path.name}: {handler.name}")
    assert unbounded == []


def test_a_table_is_written_in_a_thread() -> None:
    written_in: list[threading.Thread] = []

    def write(rows: list[str]) -> bytes:
        written_in.append(threading.current_thread())
        return "".join(rows).encode()

    asyncio.run(csv_response(write, ["a"], "a.csv"))
    assert written_in != [threading.main_thread()]


def _called(function: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {one.id for one in calls if isinstance(one, ast.Name)}


def _names(function: ast.AST) -> set[str]:
    """The functions that it calls or passes on, and the names of keywords."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
    return found
