"""Slots are attributes that exist: a name that nothing assigns any more leaves its successor to a slow dictionary."""

from __future__ import annotations

import ast

from architecture.program import modules


def _slots(node: ast.ClassDef) -> set[str]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__slots__":
            return set(ast.literal_eval(statement.value))
    return set()


def _assigned(node: ast.ClassDef) -> set[str]:
    attributes = (one for one in ast.walk(node) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store))
    return {one.attr for one in attributes if ast.unparse(one.value) == "self"}


def test_every_slot_is_assigned() -> None:
    classes = [
        (module, node) for module in modules() for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)
    ]
    assert any(_slots(node) for _, node in classes)
    idle = [f"{module}: {node.name} {names}" for module, node in classes if (names := _slots(node) - _assigned(node))]
    assert not idle, "\n".join(idle)
