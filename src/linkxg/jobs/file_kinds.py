"""Recognises files that are not CSV, NDJSON or JSON by their first bytes, and says what to do instead."""

import codecs

SAMPLE = 4_096
"""Bytes that suffice to recognise a file."""

_CSV_UTF8 = "Save the sheet as CSV UTF-8 and send that file."
_UNCOMPRESS = "Send the file itself, or compressed with gzip."
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"The file is an Excel workbook (.xls). {_CSV_UTF8}"),
    (b"%PDF-", f"The file is a PDF. {_CSV_UTF8}"),
    (b"{\\rtf", f"The file is an RTF document. {_CSV_UTF8}"),
    (b"\x1f\x8b", "The file is compressed with gzip twice. Compress it once."),
    (b"BZh", f"The file is compressed with bzip2. {_UNCOMPRESS}"),
    (b"\xfd7zXZ\x00", f"The file is compressed with xz. {_UNCOMPRESS}"),
    (b"\x28\xb5\x2f\xfd", f"The file is compressed with Zstandard. {_UNCOMPRESS}"),
    (b"7z\xbc\xaf\x27\x1c", f"The file is a 7z archive. {_UNCOMPRESS}"),
    (b"Rar!\x1a\x07", f"The file is a RAR archive. {_UNCOMPRESS}"),
    (b"\x89PNG\r\n", "The file is an image. Send a table as CSV, NDJSON or JSON."),
    (b"\xff\xd8\xff", "The file is an image. Send a table as CSV, NDJSON or JSON."),
    (b"PAR1", "The file is a Parquet file. Export it as CSV or NDJSON and send that file."),
    (b"SQLite format 3\x00", "The file is a SQLite database. Export the table as CSV and send that file."),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ZIPPED: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b"opendocument.spreadsheet",), f"The file is an OpenDocument spreadsheet (.ods). {_CSV_UTF8}"),
    ((b"xl/", b"[Content_Types].xml"), f"The file is an Excel workbook (.xlsx). {_CSV_UTF8}"),
    ((b"Index/",), f"The file is a Numbers document. {_CSV_UTF8}"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<workbook")
_SPACE = b" \t\r\n"


def other_kind(sample: bytes) -> str | None:
    """What the file is and what to do, for a file that is not text; None for any other."""
    for signature, message in _SIGNATURES:
        if sample.startswith(signature):
            return message
    if sample.startswith(_ZIP):
        zipped = (message for marks, message in _ZIPPED if any(mark in sample for mark in marks))
        return next(zipped, f"The file is a ZIP archive. {_UNCOMPRESS}")
    start = sample.removeprefix(codecs.BOM_UTF8).lstrip(_SPACE)[:16].lower()
    if start.startswith(_MARKUP):
        return f"The file is HTML or XML. {_CSV_UTF8}"
    return None


def unmarked_utf16(sample: bytes) -> str | None:
    """The byte order of UTF-16 text without a byte order mark, by the zero bytes of its ASCII characters."""
    pairs = len(sample) // 2
    even, odd = sample[: 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if pairs >= 4 and max(even, odd) >= 0.4 * pairs and min(even, odd) <= 0.05 * pairs:
        return "utf-16be" if even > odd else "utf-16le"
    return None
