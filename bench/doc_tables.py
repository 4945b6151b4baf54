"""Replaces the measured tables of a page, which stand between two marks."""

from pathlib import Path

BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


def replace_tables(page: Path, text: str) -> None:
    """Replace the text between the marks of `page`."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}")
