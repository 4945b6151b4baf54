"""Every file is small, named for what it does, and introduced by a statement; a class name stands for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from architecture.program import ROOT, Module, modules

LONGEST = 350
FILES = [path for part in ("src", "tests", "bench") for path in (ROOT / part).rglob("*.py")]
# Each of these grew into a file that everything depends on and nobody can name the purpose of.
DRAWERS = {"service", "services", "utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}


def test_no_file_is_long() -> None:
    long = [f"{module}: {lines} lines" for module in modules() if (lines := module.text.count("\n")) > LONGEST]
    assert not long, "\n".join([*long, f"Past {LONGEST} lines a file is asking to be two."])


def test_no_file_has_a_catch_all_name() -> None:
    drawers = [str(path) for path in FILES if DRAWERS & set(path.relative_to(ROOT).with_suffix("").parts)]
    assert not drawers, "\n".join([*drawers, "That is the name of a drawer; name the file for its verb or its thing."])


def test_every_module_has_a_docstring() -> None:
    silent = [str(module) for module in modules() if module.text.strip() and not ast.get_docstring(module.tree)]
    assert not silent, "\n".join([*silent, "The first line of a docstring says what the file is."])


def test_a_module_docstring_is_a_statement() -> None:
    docstrings = {path.relative_to(ROOT): ast.get_docstring(ast.parse(path.read_text())) or "" for path in FILES}
    first = {path: docstring.partition("\n\n")[0] for path, docstring in docstrings.items()}
    asking = [f"{path}: {text}" for path, text in first.items() if "?" in text.replace("`", "")]
    assert not asking, "\n".join([*asking, "Say what it is, in the field's words."])


def _class_names(module: Module) -> Iterator[str]:
    """Of the classes, and of the named types that other modules import: `Format = Literal["csv", "json"]`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[:1].isupper() and not name.isupper() and f"{module.name}.{name}" in _imported():
                yield name


@cache
def _imported() -> set[str]:
    return {name for module in modules() for _, name in module.imports()}


def test_a_class_name_stands_for_one_thing() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        for name in _class_names(module):
            found[name].append(str(module))
    doubled = [f"{name}: {', '.join(where)}" for name, where in found.items() if len(where) > 1]
    assert not doubled, "\n".join([*doubled, "A reader finds the wrong one first; say what each of them is."])
