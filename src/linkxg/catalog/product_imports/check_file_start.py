"""Checks the first block of a file before the file is accepted: its format, its encoding and its header.

What would fail every row, or confuse columns, is one error with instructions.
"""

import codecs
import json
import re

from linkxg.catalog.product_imports.columns import check_header
from linkxg.catalog.product_imports.csv_dialect import read_dialect
from linkxg.catalog.product_imports.model import Options
from linkxg.errors import ValidationFailed
from linkxg.jobs.file_error import file_error
from linkxg.jobs.lines import Unreadable

_BOM = "\ufeff"
_SPACE = " \t\r\n"
_LINE_END = re.compile(r"[\r\n]")
_ONE_LINE = (
    "The file is a single line. Send it with its line breaks: with curl use --data-binary @FILE, because -d @FILE "
    "removes them."
)
_IS_JSON = "The file is JSON, not CSV. Send it as application/json (one array) or application/x-ndjson (rows)."
_PRETTY = (
    "An object spans several lines. NDJSON has one object per line: write each on one line, or send one JSON array "
    "as application/json."
)


def check_first_block(head: bytes, options: Options, *, whole: bool = False) -> list[str]:
    """The columns of a CSV file; `whole` if the block is the whole file. Raises ValidationFailed."""
    if options.format == "csv":
        return _check_csv(head, options, whole=whole)
    # The block may end inside a character.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head).lstrip(_BOM + _SPACE)
    if options.format == "json":
        if not text.startswith("["):
            raise file_error("not_json", "The file must be one JSON array; send separate rows as NDJSON.")
    else:
        _check_ndjson(text)
    return []


def _check_ndjson(text: str) -> None:
    if not text.startswith("{"):
        is_array = " This is a JSON array: send it as application/json." if text.startswith("[") else ""
        raise file_error("not_json", f"The file must have one JSON object per line.{is_array}")
    decoder = json.JSONDecoder()
    first = _LINE_END.split(text, maxsplit=1)[0]
    try:
        end = decoder.raw_decode(first)[1]
    except (ValueError, RecursionError):
        try:
            decoder.raw_decode(text)
        except (ValueError, RecursionError):
            # Only the first row is invalid.
            return
        raise file_error("not_json", _PRETTY) from None
    if first[end:].lstrip().startswith("{"):
        raise file_error("one_line", _ONE_LINE)


def _check_csv(head: bytes, options: Options, *, whole: bool) -> list[str]:
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"[", b"{")):
        raise file_error("file_kind", _IS_JSON)
    try:
        dialect = read_dialect(head)
    except Unreadable as error:
        raise file_error(error.code, str(error), "header") from None
    errors = check_header(dialect.names, options.mode, options.key)
    if errors:
        details = [{"field": error.field, "code": error.code, "message": error.message} for error in errors]
        if _is_one_line(head):
            details = [{"field": "file", "code": "one_line", "message": _ONE_LINE}, *details]
            raise ValidationFailed(_ONE_LINE, details=details)
        raise ValidationFailed(
            "The file has columns that cannot be imported, or lacks a required one.", details=details
        )
    if whole and not dialect.has_rows:
        message = "The file has a header but no rows."
        raise file_error("no_rows", f"{message} {_ONE_LINE}" if _is_one_line(head) else message)
    return dialect.names


def _is_one_line(head: bytes) -> bool:
    return b"\n" not in head and b"\r" not in head
