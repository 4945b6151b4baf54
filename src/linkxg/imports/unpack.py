"""How does an upload become the blocks that are stored, and what refuses it as a whole?

Each block is up to a MiB of the unpacked file, compressed on its own: small in the database, and read one by one. What
makes a file unusable is found here, while it still arrives: gzip that is broken or unpacks to far more than it weighs,
what is not UTF-8, what is too large.
"""

import codecs
import hashlib
import zlib
from typing import Any, NamedTuple

from linkxg.errors import PayloadTooLarge, ValidationFailed
from linkxg.imports.model import MAX_CONTENT, MAX_RATIO, MIB

BLOCK = MIB
_GZIP = b"\x1f\x8b"
_FREE = MIB
"""A small file may unpack to this much, whatever its ratio."""


class Unpacked(NamedTuple):
    """What is known of a whole file: its size unpacked and as it came, and the SHA-256 of what came."""

    bytes: int
    uploaded: int
    sha256: str


class Unpacker:
    """`feed()` what arrives, then `finish()`; both give blocks. Raises ValidationFailed or PayloadTooLarge.

    `head` is the first block, for a look at the header.
    """

    def __init__(self) -> None:
        self.head = b""
        self._pending = bytearray()
        self._first = b""
        self._gzip: Any = None
        self._begun = False
        self._uploaded = 0
        self._total = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._digest = hashlib.sha256()

    def feed(self, part: bytes) -> list[bytes]:
        self._uploaded += len(part)
        self._digest.update(part)
        if not self._begun:
            self._first += part
            if len(self._first) < len(_GZIP):
                return []
            part = self._begin()
        if self._gzip is None:
            return self._take(part)
        return self._inflate(part)

    def finish(self) -> tuple[list[bytes], Unpacked]:
        # Of a file of one byte nothing has been decided yet.
        made = [] if self._begun else self._take(self._begin())
        if self._gzip is not None and not self._gzip.eof:
            raise refusal("gzip", "The gzip file ends too early; was the upload cut off?")
        try:
            self._decoder.decode(b"", True)
        except UnicodeDecodeError as error:
            raise self._not_utf8(self._total - len(error.object)) from None
        if not self._total:
            raise refusal("empty", "The file is empty.")
        if self._pending:
            made.append(self._cut(len(self._pending)))
        return made, Unpacked(self._total, self._uploaded, self._digest.hexdigest())

    def _begin(self) -> bytes:
        self._begun = True
        first, self._first = self._first, b""
        if first.startswith(_GZIP):
            self._gzip = zlib.decompressobj(wbits=31)
        return first

    def _inflate(self, part: bytes) -> list[bytes]:
        made: list[bytes] = []
        while part:
            try:
                plain = self._gzip.decompress(part, BLOCK)
            except zlib.error:
                raise refusal("gzip", "The gzip file is damaged.") from None
            made += self._take(plain)
            if self._total > max(_FREE, self._uploaded * MAX_RATIO):
                raise refusal("gzip", f"The gzip file unpacks to more than {MAX_RATIO} times its size.")
            part = self._gzip.unconsumed_tail
            if self._gzip.eof:
                part = self._gzip.unused_data
                if part:
                    # RFC 1952 §2.2: a file may have several members, one after the other.
                    self._gzip = zlib.decompressobj(wbits=31)
        return made

    def _take(self, plain: bytes) -> list[bytes]:
        if not plain:
            return []
        try:
            self._decoder.decode(plain)
        except UnicodeDecodeError as error:
            waiting = len(error.object) - len(plain)
            raise self._not_utf8(self._total - waiting + error.start) from None
        self._total += len(plain)
        if self._total > MAX_CONTENT:
            raise PayloadTooLarge("Unpacked, the file has more than 1 GB.")
        self._pending += plain
        return [self._cut(BLOCK) for _ in range(len(self._pending) // BLOCK)]

    def _cut(self, size: int) -> bytes:
        block = bytes(self._pending[:size])
        del self._pending[:size]
        if not self.head:
            self.head = block
        return zlib.compress(block, 1)

    def _not_utf8(self, offset: int) -> ValidationFailed:
        return refusal("encoding", f"The file is not UTF-8: byte {offset} does not fit. Save it as UTF-8.")


def refusal(code: str, message: str, field: str = "file") -> ValidationFailed:
    """Why a file is not taken at all."""
    return ValidationFailed(message, details=[{"field": field, "code": code, "message": message}])
