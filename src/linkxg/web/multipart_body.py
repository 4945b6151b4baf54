"""How is a file read out of a `multipart/form-data` body without holding it?

RFC 7578. The fields come first, then one file; its bytes are handed on as they arrive.
"""

from collections.abc import AsyncIterator

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from linkxg.errors import InvalidRequest

MULTIPART_TYPE = b"multipart/form-data"
MAX_FIELDS = 32
MAX_FIELD_BYTES = 4_096


def is_multipart(content_type: bytes | None) -> bool:
    return content_type is not None and content_type.partition(b";")[0].strip().lower() == MULTIPART_TYPE


class MultipartUpload:
    """`await begin()` reads the fields before the file; `content()` is the file, once.

    Raises InvalidRequest for a body without a file, with fields after it, or that ends early.
    """

    def __init__(self, content_type: bytes, parts: AsyncIterator[bytes]) -> None:
        boundary = parse_options_header(content_type.decode("latin-1"))[1].get("boundary", "")
        if not boundary:
            raise InvalidRequest("The multipart body names no boundary.")
        try:
            self._parser = PushMultipartParser(boundary, max_segment_count=MAX_FIELDS, strict=True)
        except MultipartError:
            raise InvalidRequest("The multipart body is malformed.") from None
        self._parts = parts
        self._events = self._read()
        self.fields: list[tuple[str, str]] = []
        self.file_name = ""

    async def begin(self, file_field: str = "file") -> None:
        """Read on until the file named `file_field` begins."""
        name, value = "", bytearray()
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                name, value = event.name, bytearray()
                if event.filename is not None:
                    if name != file_field:
                        break
                    self.file_name = event.filename
                    return
            elif event is None:
                self.fields.append((name, _text(bytes(value))))
            else:
                value += event
                if len(value) > MAX_FIELD_BYTES:
                    raise InvalidRequest("A field of the form is too long.")
        raise InvalidRequest(f"The form has no file in the field {file_field}.")

    async def content(self) -> AsyncIterator[bytes]:
        """The file's bytes; read to its end, everything that belongs to the request has been read."""
        ended = False
        async for event in self._events:
            if ended:
                raise InvalidRequest("The file must be the last part of the form, and the only one.")
            if event is None:
                ended = True
            elif not isinstance(event, MultipartSegment):
                yield bytes(event)

    async def _read(self) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
        try:
            async for part in self._parts:
                for event in self._parser.parse(part):
                    yield event
            self._parser.close()
        except MultipartError:
            raise InvalidRequest("The multipart body is malformed or was cut off.") from None


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise InvalidRequest("A field of the form is not valid UTF-8.") from None
