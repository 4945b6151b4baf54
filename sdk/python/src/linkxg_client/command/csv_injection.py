"""Escapes CSV cells that a spreadsheet would take for formulas, whichever separator it splits the file at."""

from __future__ import annotations

import re

_SIGNS = r"=+\-@＝＋－＠"
_FIRST = re.compile(rf"[\s']*[{_SIGNS}\t\r\n]")
# What ends a cell or is skipped before its text, apostrophes, a sign. Each run is read once, from its beginning.
_INNER = re.compile(rf"(?<![\s\",;|])([\s\",;|]++)('*+)(?=[{_SIGNS}])")
_DIVIDER = re.compile(r"[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


def guarded(cell: str) -> str:
    """The cell, with an apostrophe before each sign at which a spreadsheet could begin to calculate."""
    cell = _INNER.sub(lambda found: f"{found[1]}'{found[2]}" if _DIVIDER.search(found[1]) else found[0], cell)
    return f"'{cell}" if _FIRST.match(cell) else cell
