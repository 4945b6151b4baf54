"""Character encodings of a file: the declared charset, byte order marks, and the file as UTF-8.

A byte order mark decides before the declared charset does (WHATWG Encoding, «decode»).
"""

import codecs
from typing import Any

from linkxg.errors import UnsupportedMediaType, ValidationFailed
from linkxg.http.media_type import media_type_parameters
from linkxg.jobs.file_error import file_error
from linkxg.jobs.file_kinds import SAMPLE, other_kind, unmarked_utf16

UTF8 = "utf-8"
CHARSETS = {
    "utf-8": UTF8, "utf8": UTF8, "us-ascii": "ascii", "ascii": "ascii",
    "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
    "iso-8859-1": "iso8859-1", "latin1": "iso8859-1", "iso-8859-2": "iso8859-2", "iso-8859-9": "iso8859-9",
    "iso-8859-15": "iso8859-15", "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252",
    "windows-1253": "cp1253", "windows-1254": "cp1254", "windows-1257": "cp1257", "cp1252": "cp1252",
    "macintosh": "mac-roman", "shift_jis": "cp932", "gb18030": "gb18030", "gbk": "gb18030", "big5": "big5",
    "euc-kr": "cp949",
}  # fmt: skip
"""Name of a charset in lower case → Python's codec. UTF-16 without a mark is little-endian, as WHATWG has it."""
_SHOWN = "utf-8, utf-16, iso-8859-1 and windows-1252"
_WAYS_OUT = "Save it as CSV UTF-8 in Excel, or declare its encoding, such as charset=windows-1252."
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def declared_charset(content_type: bytes | str | None) -> str | None:
    """The charset of a Content-Type, in lower case. Raises UnsupportedMediaType for one that is not read."""
    parameters = media_type_parameters(content_type)
    if parameters.get("header", "present").lower() != "present":
        raise UnsupportedMediaType("A CSV file needs a header: header=absent is not supported.")
    name = parameters.get("charset")
    if name is None or name.lower() in CHARSETS:
        return None if name is None else name.lower()
    shown = "".join(letter for letter in name[:40] if letter.isascii() and (letter.isalnum() or letter in "_-."))
    raise UnsupportedMediaType(f"The charset {shown} is not supported. Supported are {_SHOWN}, among others.")


class Utf8Stream:
    """Transcodes a text file to UTF-8. Raises ValidationFailed for what is not text in its charset.

    `charset` is the declared one; without one, and without a byte order mark, the file is UTF-8.
    """

    def __init__(self, charset: str | None = None) -> None:
        self._charset = charset
        self._name = charset or UTF8
        self._sample = bytearray()
        self._decoder: Any = None
        self._passes = False
        self._seen = 0

    def feed(self, part: bytes) -> bytes:
        if self._decoder is None:
            self._sample += part
            if len(self._sample) < SAMPLE:
                return b""
            part = self._begin()
        return self._read(part, final=False)

    def finish(self) -> bytes:
        rest = self._begin() if self._decoder is None else b""
        return self._read(rest, final=True)

    def _begin(self) -> bytes:
        """Choose the codec by the first bytes, which are returned without their byte order mark."""
        sample = bytes(self._sample)
        codec = CHARSETS[self._name]
        if sample.startswith(_UTF32):
            raise file_error("encoding", "The file is UTF-32. Save it as UTF-8.")
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be")):
            if sample.startswith(mark):
                self._name, codec = name, CHARSETS[name]
                self._seen = len(mark)
                sample = sample[len(mark) :]
                break
        else:
            if message := other_kind(sample):
                raise file_error("file_kind", message)
            if sample.startswith(codecs.BOM_UTF8):
                self._name = codec = UTF8
            elif self._charset is None and (form := unmarked_utf16(sample)):
                message = f"The file is UTF-16 without a byte order mark. Save it as UTF-8, or declare charset={form}."
                raise file_error("encoding", message)
        # Some programs add a mark to a file that already has one.
        while sample.startswith(codecs.BOM_UTF8 * 2):
            sample = sample[len(codecs.BOM_UTF8) :]
            self._seen += len(codecs.BOM_UTF8)
        self._passes = codec == UTF8
        self._decoder = codecs.getincrementaldecoder(codec)("strict")
        self._sample.clear()
        return sample

    def _read(self, part: bytes, *, final: bool) -> bytes:
        try:
            text = self._decoder.decode(part, final)
        except UnicodeDecodeError as error:
            waiting = max(len(error.object) - len(part), 0)
            raise self._not_text(self._seen - waiting + error.start) from None
        self._seen += len(part)
        return part if self._passes else text.encode()

    def _not_text(self, offset: int) -> ValidationFailed:
        if self._charset is None and self._passes:
            return file_error("encoding", f"The file is not UTF-8: byte {offset} is invalid. {_WAYS_OUT}")
        return file_error("encoding", f"The file is not {self._name}: byte {offset} is invalid. Save it as UTF-8.")
