"""Writes tables as CSV (RFC 4180) that a spreadsheet opens safely; the only place that writes CSV."""

import csv
import io
from collections.abc import Iterable

from linkxg.http.csv_injection import guarded


def format_rows(rows: Iterable[Iterable[object]], separator: str = ",") -> str:
    """A line for each row; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    for row in rows:
        writer.writerow(["" if cell is None else guarded(str(cell)) for cell in row])
    return text.getvalue()


def write_table(names: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    return format_rows([names, *rows]).encode()
