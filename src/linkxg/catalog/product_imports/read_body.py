"""The file in a request, what it is, and what is to be done with it."""

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
from linkxg.jobs.model import MAX_UPLOAD, Format

MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
_FORMATS: dict[bytes, Format] = {kind.encode(): name for name, kind in MEDIA_TYPES.items()} | {
    b"application/ndjson": "ndjson",
    b"application/jsonl": "ndjson",
}
_SUFFIXES: dict[str, Format] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json"}
# What says nothing of the format: the parameter has to.
_ANY = (b"application/octet-stream", b"application/gzip", b"application/x-gzip")
_FORM_BYTES = 64 * 1024
_ENCODINGS = (b"", b"identity", b"gzip")
_CONTRADICTION = "`format` and the media type disagree."


class ImportBody(NamedTuple):
    """The file of a request, to be read once. `form_options` has the options where fields may follow the file."""

    options: Options
    file_name: str
    content: AsyncIterator[bytes]
    charset: str | None
    form_options: FormOptions | None = None


async def open_upload(context: RequestContext, asked: Options, format: Format | None) -> ImportBody:
    """The body itself, or the field `file` of a form. Raises UnsupportedMediaType or InvalidRequest.

    `asked` are the options of the address, `format` the one that it names.
    """
    encoding = (context.header(b"content-encoding") or b"").strip().lower()
    if encoding not in _ENCODINGS:
        raise UnsupportedMediaType("The only supported Content-Encoding is gzip.")
    content_type = context.header(b"content-type")
    if content_type is not None and is_multipart(content_type):
        if encoding == b"gzip":
            raise UnsupportedMediaType("Send a form without Content-Encoding; compress the file in it instead.")
        return await _open_form(context, content_type, asked, format)
    kind = _kind(content_type)
    told = _FORMATS.get(kind)
    if told is None and not (format is not None and kind in _ANY):
        raise UnsupportedMediaType("Send text/csv, application/x-ndjson, application/json or multipart/form-data.")
    if told is not None and format is not None and told != format:
        raise InvalidRequest(_CONTRADICTION)
    found = format or told
    assert found is not None
    options = msgspec.structs.replace(asked, format=found)
    return ImportBody(options, "", context.stream(MAX_UPLOAD), declared_charset(content_type))


async def _open_form(context: RequestContext, content_type: bytes, asked: Options, format: Format | None) -> ImportBody:
    form = MultipartUpload(content_type, context.stream(MAX_UPLOAD + _FORM_BYTES))
    await form.begin()
    if format is not None:
        asked = msgspec.structs.replace(asked, format=format)
    query = read_form(context.query, frozenset())
    options = FormOptions(asked, query, form.fields, lambda: format_of_part(form))
    content = form.content(fields_may_follow=True)
    return ImportBody(options.so_far(), form.file_name, content, declared_charset(form.file_type), options)


def format_of_part(form: MultipartUpload) -> Format:
    """What the name of the file says, else its media type; CSV where neither does. Raises InvalidRequest."""
    named, told = _suffix_format(form.file_name), _FORMATS.get(_kind(form.file_type.encode("utf-8", "replace")))
    if named is not None and told is not None and named != told:
        raise InvalidRequest("The file name and the media type disagree; add the parameter `format`.")
    return named or told or "csv"


async def declared_format(context: RequestContext, format: Format | None) -> Format:
    """What the file will be that a request announces; CSV where it says nothing.

    Raises InvalidRequest or UnsupportedMediaType.
    """
    content_type = context.header(b"content-type")
    told = _FORMATS.get(_kind(content_type))
    if told is not None and format is not None and told != format:
        raise InvalidRequest(_CONTRADICTION)
    charset = declared_charset(content_type)
    if charset is not None and CHARSETS[charset] not in (UTF8, "ascii"):
        says = "A resumable upload must be UTF-8, or UTF-16 with a byte order mark"
        raise UnsupportedMediaType(f"{says}; the charset {charset} is not supported there.")
    async for _ in context.stream(MAX_UPLOAD):
        raise InvalidRequest("A request with Upload-Length must have no body; send the file in parts afterwards.")
    return format or told or "csv"


def format_of(name: str) -> Format:
    """What the name of a file says; CSV where it says nothing."""
    return _suffix_format(name) or "csv"


def _suffix_format(name: str) -> Format | None:
    path = PurePath(name.lower())
    return _SUFFIXES.get(PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix)


def _kind(content_type: bytes | None) -> bytes:
    return (content_type or b"").partition(b";")[0].strip().lower()
