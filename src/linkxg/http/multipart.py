"""Streams the one file of a `multipart/form-data` body, and reads its fields (RFC 7578)."""

from collections.abc import AsyncIterator
from email.errors import MessageError
from email.header import decode_header, make_header

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from linkxg.errors import InvalidRequest, UnsupportedMediaType
from linkxg.http.media_type import extended_value, media_type_parameters

MULTIPART_TYPE = b"multipart/form-data"
MAX_FIELDS = 32
MAX_FIELD_BYTES = 4_096
_UTF8 = ("utf-8", "utf8", "us-ascii", "ascii")
_PLAIN = ("7bit", "8bit", "binary")
_ONCE = ("Content-Disposition", "Content-Type", "Content-Encoding", "Content-Transfer-Encoding")
"""Header fields of a part that are read; others are ignored (RFC 7578 §4.8)."""


def is_multipart(content_type: bytes | None) -> bool:
    return content_type is not None and content_type.partition(b";")[0].strip().lower() == MULTIPART_TYPE


class MultipartUpload:
    """`await begin()` reads the fields before the file; `content()` yields the file, once.

    Raises InvalidRequest for a body without a file, with two, or truncated; UnsupportedMediaType for a part in an
    unsupported encoding.
    """

    def __init__(self, content_type: bytes, parts: AsyncIterator[bytes]) -> None:
        parameters = parse_options_header(content_type.decode("latin-1"))[1]
        boundary = parameters.get("boundary", "")
        if not boundary:
            raise InvalidRequest("The multipart body has no boundary.")
        _require_utf8(parameters.get("charset"))
        try:
            self._parser = PushMultipartParser(boundary, max_segment_count=MAX_FIELDS, strict=True)
        except MultipartError:
            raise InvalidRequest("The multipart body is malformed.") from None
        self._parts = parts
        self._events = self._read()
        self._name, self._value = "", bytearray()
        self.fields: list[tuple[str, str]] = []
        self.file_name = ""
        self.file_type = ""

    async def begin(self, file_field: str = "file") -> None:
        """Read until the file named `file_field` begins."""
        async for event in self._events:
            if not isinstance(event, MultipartSegment):
                self._take_field(event)
                continue
            _check_part(event)
            if event.filename is not None or event.name == file_field:
                if event.name != file_field:
                    break
                self.file_name, self.file_type = file_name_of(event), event.header("Content-Type") or ""
                return
            self._begin_field(event)
        raise InvalidRequest(f"The form has no file in the field {file_field}.")

    async def content(self, *, fields_may_follow: bool = False) -> AsyncIterator[bytes]:
        """The bytes of the file; at their end the whole request has been read."""
        ended = False
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                _check_part(event)
                if event.filename is not None or not fields_may_follow:
                    raise InvalidRequest(
                        "The form has more than one file."
                        if fields_may_follow
                        else "The file must be the last part of the form, and the only one."
                    )
                self._begin_field(event)
            elif ended:
                self._take_field(event)
            elif event is None:
                ended = True
            else:
                yield bytes(event)

    def _begin_field(self, segment: MultipartSegment) -> None:
        _require_utf8(segment.charset)
        if (segment.header("Content-Encoding") or "identity").lower() != "identity":
            raise UnsupportedMediaType("Send form fields without Content-Encoding.")
        self._name, self._value = segment.name or "", bytearray()

    def _take_field(self, event: bytes | bytearray | None) -> None:
        """Take a piece of a field's value; None is its end."""
        if event is None:
            self.fields.append((self._name, _text(bytes(self._value))))
            return
        self._value += event
        if len(self._value) > MAX_FIELD_BYTES:
            raise InvalidRequest("A field of the form is too long.")

    async def _read(self) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
        try:
            async for part in self._parts:
                for event in self._parser.parse(part):
                    yield event
            self._parser.close()
        except MultipartError:
            raise InvalidRequest("The multipart body is malformed or truncated.") from None


def file_name_of(segment: MultipartSegment) -> str:
    """The name of a file; .NET sends it as RFC 8187 (`filename*`) and RFC 2047 (`=?utf-8?B?…?=`) have it."""
    parameters = media_type_parameters(segment.header("Content-Disposition"))
    extended = extended_value(parameters.get("filename*", ""))
    name = segment.filename or ""
    if extended is not None:
        return extended
    if name.startswith("=?") and name.endswith("?="):
        try:
            return str(make_header(decode_header(name)))
        except (MessageError, LookupError, ValueError):
            return name
    return name


def _check_part(segment: MultipartSegment) -> None:
    """Raises InvalidRequest or UnsupportedMediaType for unsupported header fields of a part."""
    names = [name for name, _ in segment.headerlist if name in _ONCE]
    if len(names) != len(set(names)):
        raise InvalidRequest("A header field of a part of the form is repeated.")
    if (segment.header("Content-Transfer-Encoding") or _PLAIN[0]).lower() not in _PLAIN:
        raise InvalidRequest("Send form parts without Content-Transfer-Encoding (RFC 7578 section 4.7).")
    if (segment.header("Content-Encoding") or "identity").lower() not in ("identity", "gzip"):
        raise UnsupportedMediaType("The only supported Content-Encoding of the file is gzip.")


def _require_utf8(charset: str | None) -> None:
    if charset is not None and charset.lower() not in _UTF8:
        raise UnsupportedMediaType("Form fields must be UTF-8.")


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise InvalidRequest("A field of the form is not valid UTF-8.") from None
