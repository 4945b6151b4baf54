"""Cells of CSV files that no spreadsheet takes for a formula (OWASP, «CSV injection»)."""

import re

# Full-width signs too: spreadsheets take them for the plain ones.
_SIGN = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA, _GUARDED = re.compile(f"'*{_SIGN}"), re.compile(f"'+{_SIGN}")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would calculate."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell
