"""Is every file small, named for what it does, and introduced?"""

from __future__ import annotations

import ast

from architecture.program import ROOT, modules

LONGEST = 350
# Each of these grew into a file that everything depends on and nobody can name the purpose of.
DRAWERS = {"service", "services", "utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}


def test_a_file_has_one_subject() -> None:
    long = [f"{module}: {lines} lines" for module in modules() if (lines := module.text.count("\n")) > LONGEST]
    assert not long, "\n".join([*long, f"Past {LONGEST} lines a file is asking to be two."])


def test_names_say_what_a_file_does() -> None:
    paths = [path for part in ("src", "tests", "bench") for path in (ROOT / part).rglob("*.py")]
    drawers = [str(path) for path in paths if DRAWERS & set(path.relative_to(ROOT).with_suffix("").parts)]
    assert not drawers, "\n".join([*drawers, "That is the name of a drawer; name the file for its verb or its thing."])


def test_a_file_introduces_itself() -> None:
    silent = [str(module) for module in modules() if module.text.strip() and not ast.get_docstring(module.tree)]
    assert not silent, "\n".join([*silent, "The first line of a docstring is the question that the file answers."])
