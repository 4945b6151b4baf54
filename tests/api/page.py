"""Reads the commands of a documentation page and the answers that it shows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One command of a page, and the JSON shown after it."""

    heading: str
    command: str
    promised: Any


def fences(page: Path) -> list[tuple[str, str, str]]:
    """Every fenced block as (heading above it, language, text)."""
    text = page.read_text()
    headings = [(match.start(), match[1]) for match in _HEADING.finditer(_without_fences(text))]
    return [
        (next((name for at, name in reversed(headings) if at < match.start()), ""), match[1], match[2])
        for match in _FENCE.finditer(text)
    ]


def steps(page: Path) -> list[Step]:
    """The page's curl commands, each with the JSON block that follows it."""
    found: list[Step] = []
    blocks = fences(page)
    for (heading, language, text), (_, answer_language, answer) in pairwise(blocks):
        if language == "bash" and text.startswith("curl "):
            assert answer_language == "json", f"under «{heading}» a command is not followed by its answer"
            found.append(Step(heading, text.strip(), json.loads(answer)))
    return found


def tables(page: Path) -> list[list[dict[str, str]]]:
    """Every table as rows of cells by column, without the code marks."""
    found: list[list[dict[str, str]]] = []
    lines = _without_fences(page.read_text()).splitlines()
    at = 0
    while at < len(lines) - 1:
        if lines[at].startswith("|") and set(lines[at + 1]) <= set("|-: ") and "-" in lines[at + 1]:
            columns = _cells(lines[at])
            at += 2
            rows = []
            while at < len(lines) and lines[at].startswith("|"):
                rows.append(dict(zip(columns, _cells(lines[at]), strict=True)))
                at += 1
            found.append(rows)
        else:
            at += 1
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]


def _without_fences(text: str) -> str:
    """The text with every fenced block blanked out, so that positions stay."""
    return _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
