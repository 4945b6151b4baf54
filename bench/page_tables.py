"""Inserts measured tables into a page, between two marks; the text around them is written by hand."""

from pathlib import Path

BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


def replace_tables(page: Path, text: str) -> None:
    """Replace what stands between the marks of `page`."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}")
