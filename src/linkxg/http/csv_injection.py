"""Escapes CSV cells that a spreadsheet would take for formulas (OWASP, «CSV injection»).

A spreadsheet may split the file at the separator of its own locale, and take a line break within a cell for the end of
the row. So every sign that could begin a cell in such a reading gets an apostrophe in front, not only the first one of
the cell. The apostrophes can be removed again.
"""

import re

# Full-width signs too: spreadsheets take them for the plain ones.
_SIGNS = r"=+\-@＝＋－＠"
_FIRST = re.compile(rf"[\s']*[{_SIGNS}\t\r\n]")
# What ends a cell or is skipped before its text, apostrophes, a sign. Each run is read once, from its beginning.
_INNER = re.compile(rf"(?<![\s\",;|])([\s\",;|]++)('*+)(?=[{_SIGNS}])")
_DIVIDER = re.compile(r"[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


def guarded(cell: str) -> str:
    """The cell, with an apostrophe before each sign at which a spreadsheet could begin to calculate."""
    cell = _INNER.sub(lambda found: f"{found[1]}'{found[2]}" if _DIVIDER.search(found[1]) else found[0], cell)
    return f"'{cell}" if _FIRST.match(cell) else cell


def unguarded(cell: str) -> str:
    """The inverse of `guarded`."""
    if cell[:1] == "'" and _FIRST.match(cell):
        cell = cell[1:]
    return _INNER.sub(lambda found: found[1] + found[2][1:] if _DIVIDER.search(found[1]) else found[0], cell)
