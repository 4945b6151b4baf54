"""Reads the file of a request, its format, and the options of a form."""

from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import NamedTuple

import msgspec

from linkxg.catalog.product_imports.form_options import FormOptions
from linkxg.catalog.product_imports.model import Options
from linkxg.errors import InvalidRequest, UnsupportedMediaType
from linkxg.http.forms import read_form
from linkxg.http.multipart import MultipartUpload, is_multipart
from linkxg.http.request_context import RequestContext
from linkxg.jobs.charsets import CHARSETS, UTF8, declared_charset
from linkxg.jobs.model import MAX_UPLOAD, FileFormat

MEDIA_TYPES: dict[FileFormat, str] = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
_FORMATS: dict[bytes, FileFormat] = {kind.encode(): name for name, kind in MEDIA_TYPES.items()} | {
    b"application/ndjson": "ndjson",
    b"application/jsonl": "ndjson",
}
_SUFFIXES: dict[str, FileFormat] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}
# Media types that need the parameter `format`.
_GENERIC_TYPES = (b"application/octet-stream", b"application/gzip", b"application/x-gzip")
_FORM_BYTES = 64 * 1024
_ENCODINGS = (b"", b"identity", b"gzip")
_CONTRADICTION = "`format` and the media type disagree."


class ImportBody(NamedTuple):
    """The file of a request, which can be read once; `form_options` are those of a form with fields after the file."""

    options: Options
    file_name: str
    content: AsyncIterator[bytes]
    charset: str | None
    form_options: FormOptions | None = None


async def open_upload(context: RequestContext, defaults: Options, format: FileFormat | None) -> ImportBody:
    """The body, or the field `file` of a form. Raises UnsupportedMediaType or InvalidRequest.

    `defaults` are the options from the query, `format` the parameter of that name.
    """
    encoding = (context.header(b"content-encoding") or b"").strip().lower()
    if encoding not in _ENCODINGS:
        raise UnsupportedMediaType("The only supported Content-Encoding is gzip.")
    content_type = context.header(b"content-type")
    if content_type is not None and is_multipart(content_type):
        if encoding == b"gzip":
            raise UnsupportedMediaType("Send a form without Content-Encoding; compress the file in it instead.")
        return await _open_form(context, content_type, defaults, format)
    kind = _kind(content_type)
    declared = _FORMATS.get(kind)
    if declared is None and not (format is not None and kind in _GENERIC_TYPES):
        raise UnsupportedMediaType("Send text/csv, application/x-ndjson, application/json or multipart/form-data.")
    if declared is not None and format is not None and declared != format:
        raise InvalidRequest(_CONTRADICTION)
    resolved = format or declared
    assert resolved is not None
    options = msgspec.structs.replace(defaults, format=resolved)
    return ImportBody(options, "", context.stream(MAX_UPLOAD), declared_charset(content_type))


async def _open_form(
    context: RequestContext, content_type: bytes, defaults: Options, format: FileFormat | None
) -> ImportBody:
    form = MultipartUpload(content_type, context.stream(MAX_UPLOAD + _FORM_BYTES))
    await form.begin()
    if format is not None:
        defaults = msgspec.structs.replace(defaults, format=format)
    query = read_form(context.query, frozenset())
    options = FormOptions(defaults, query, form.fields, lambda: format_of_part(form))
    content = form.content(fields_may_follow=True)
    return ImportBody(options.current(), form.file_name, content, declared_charset(form.file_type), options)


def format_of_part(form: MultipartUpload) -> FileFormat:
    """The format by the name of the file or its media type; CSV by default. Raises InvalidRequest."""
    named, declared = _suffix_format(form.file_name), _FORMATS.get(_kind(form.file_type.encode("utf-8", "replace")))
    if named is not None and declared is not None and named != declared:
        raise InvalidRequest("The file name and the media type disagree; add the parameter `format`.")
    return named or declared or "csv"


async def declared_format(context: RequestContext, format: FileFormat | None) -> FileFormat:
    """The format of a file that will be uploaded later; CSV by default.

    Raises InvalidRequest or UnsupportedMediaType.
    """
    content_type = context.header(b"content-type")
    declared = _FORMATS.get(_kind(content_type))
    if declared is not None and format is not None and declared != format:
        raise InvalidRequest(_CONTRADICTION)
    charset = declared_charset(content_type)
    if charset is not None and CHARSETS[charset] not in (UTF8, "ascii"):
        message = "A resumable upload must be UTF-8, or UTF-16 with a byte order mark"
        raise UnsupportedMediaType(f"{message}; the charset {charset} is not supported there.")
    async for _ in context.stream(MAX_UPLOAD):
        raise InvalidRequest("A request with Upload-Length must have no body; send the file in parts afterwards.")
    return format or declared or "csv"


def format_of(name: str) -> FileFormat:
    """The format by the name of a file; CSV by default."""
    return _suffix_format(name) or "csv"


def _suffix_format(name: str) -> FileFormat | None:
    path = PurePath(name.lower())
    return _SUFFIXES.get(PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix)


def _kind(content_type: bytes | None) -> bytes:
    return (content_type or b"").partition(b";")[0].strip().lower()
