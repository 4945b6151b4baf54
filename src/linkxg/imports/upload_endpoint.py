"""Where in a request is the file, and what is it?"""

from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import NamedTuple

from linkxg.errors import InvalidRequest, UnsupportedMediaType
from linkxg.imports.model import MAX_UPLOAD, Format
from linkxg.web.exchange import Exchange
from linkxg.web.multipart_body import MultipartUpload, is_multipart

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


class Upload(NamedTuple):
    """The file of a request, to be read once."""

    format: Format
    file_name: str
    content: AsyncIterator[bytes]


async def open_upload(exchange: Exchange, format: Format | None) -> Upload:
    """The body itself, or the field `file` of a form. Raises UnsupportedMediaType or InvalidRequest."""
    if (exchange.header(b"content-encoding") or b"").strip().lower() not in _ENCODINGS:
        raise UnsupportedMediaType("The content may be encoded with gzip only.")
    content_type = exchange.header(b"content-type")
    if content_type is not None and is_multipart(content_type):
        form = MultipartUpload(content_type, exchange.stream(MAX_UPLOAD + _FORM_BYTES))
        await form.begin()
        return Upload(format or format_of(form.file_name), form.file_name, form.content())
    kind = (content_type or b"").partition(b";")[0].strip().lower()
    told = _FORMATS.get(kind)
    if told is None and not (format is not None and kind in _ANY):
        raise UnsupportedMediaType("Send text/csv, application/x-ndjson, application/json or multipart/form-data.")
    if told is not None and format is not None and told != format:
        raise InvalidRequest("The parameter format and the media type do not say the same.")
    found = format or told
    assert found is not None
    return Upload(found, "", exchange.stream(MAX_UPLOAD))


async def told_format(exchange: Exchange, format: Format | None) -> Format:
    """What the file will be that a request announces; CSV where it says nothing. Raises InvalidRequest."""
    kind = (exchange.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    told = _FORMATS.get(kind)
    if told is not None and format is not None and told != format:
        raise InvalidRequest("The parameter format and the media type do not say the same.")
    async for _ in exchange.stream(MAX_UPLOAD):
        raise InvalidRequest("With Upload-Length nothing of the file is sent yet; its parts follow.")
    return format or told or "csv"


def format_of(name: str) -> Format:
    """What the name of a file says; CSV where it says nothing."""
    path = PurePath(name.lower())
    return _SUFFIXES.get(PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix, "csv")
