"""Escapes CSV cells that a spreadsheet would take for formulas (OWASP, «CSV injection»)."""

import re

# Full-width signs too: spreadsheets take them for the plain ones.
_SIGN = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA, _GUARDED = re.compile(f"'*{_SIGN}"), re.compile(f"'+{_SIGN}")


def guarded(cell: str) -> str:
    """The cell, with an apostrophe in front if a spreadsheet would calculate it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The inverse of `guarded`."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell
