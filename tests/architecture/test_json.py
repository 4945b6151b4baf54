"""JSON from outside has one reader, and its errors are recognised by code, never by a library's message."""

from __future__ import annotations

import ast

from architecture.program import modules

LIBRARIES = ("msgspec.", "json.JSONDecodeError")


def test_json_has_one_strict_reader() -> None:
    strict = [module.name for module in modules() if "object_pairs_hook" in module.text]
    assert strict == ["linkxg.http.strict_json"]


def test_no_module_reads_the_message_of_a_library() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and node.name and node.type
        if any(library in ast.unparse(node.type) for library in LIBRARIES)
    ]
    assert not wrong, "\n".join([*wrong, "A library rewords its messages: ask `http.schema_errors` what is wrong."])
