"""Turns an upload, gzip or not, into the blocks that are stored.

Each block is up to a MiB of the unpacked file, compressed on its own: small in the database, and read one by one. What
makes a file unusable is found here, while it still arrives: gzip that is broken or unpacks to far more than it weighs,
what is not text, what is too large. Stored is UTF-8, whatever charset came.
"""

import hashlib
import zlib
from typing import Any, NamedTuple

from linkxg.errors import PayloadTooLarge
from linkxg.jobs.charsets import Utf8Stream
from linkxg.jobs.file_error import file_error
from linkxg.jobs.model import MAX_CONTENT, MAX_MEMBERS, MAX_RATIO, MIB

BLOCK = MIB
_GZIP = b"\x1f\x8b"
_CTRL_Z, _LINE_ENDS = b"\x1a", b"\r\n"
_FREE = MIB
"""A small file may unpack to this much, whatever its ratio."""


class FileFacts(NamedTuple):
    """What is known of a whole file: its size unpacked and as it came, and the SHA-256 of what came."""

    bytes: int
    uploaded: int
    sha256: str


class Gunzip:
    """`feed()` what arrives, then `finish()`; both give blocks. Raises ValidationFailed or PayloadTooLarge.

    `head` is the first block, for a look at the header; `is_whole` says that it is the whole file.
    """

    def __init__(self, charset: str | None = None) -> None:
        self.head = b""
        self.is_whole = False
        self._pending = bytearray()
        self._first = b""
        self._gzip: Any = None
        self._members = 1
        self._begun = False
        self._uploaded = 0
        self._unpacked = 0
        self._total = 0
        self._text = Utf8Stream(charset)
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

    def beginning(self) -> bytes:
        """The first block, or what there is of it."""
        return self.head or bytes(self._pending)

    def finish(self) -> tuple[list[bytes], FileFacts]:
        # Of a file of one byte nothing has been decided yet.
        made = [] if self._begun else self._take(self._begin())
        if self._gzip is not None and not self._gzip.eof:
            raise file_error("gzip", "The gzip file is truncated; the upload may have been cut off.")
        made += self._store(self._text.finish())
        self._drop_end_of_file()
        if not self._total:
            raise file_error("empty", "The file is empty.")
        if self._pending:
            self.is_whole = not self.head
            made.append(self._cut(len(self._pending)))
        return made, FileFacts(self._total, self._uploaded, self._digest.hexdigest())

    def _drop_end_of_file(self) -> None:
        """Take off the Ctrl-Z with which programs of DOS end a text."""
        kept = self._pending.rstrip(_LINE_ENDS + _CTRL_Z)
        if _CTRL_Z in self._pending[len(kept) :]:
            self._total -= len(self._pending) - len(kept)
            self._pending = kept

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
                raise file_error("gzip", "The gzip file is damaged.") from None
            made += self._take(plain)
            if self._unpacked > max(_FREE, self._uploaded * MAX_RATIO):
                raise file_error("gzip", f"The gzip file decompresses to more than {MAX_RATIO} times its size.")
            part = self._gzip.unconsumed_tail
            if self._gzip.eof:
                part = self._gzip.unused_data
                if part:
                    # RFC 1952 §2.2: a file may have several members, one after the other.
                    self._members += 1
                    if self._members > MAX_MEMBERS:
                        says = f"The gzip file has more than {MAX_MEMBERS:,} members. Compress the file as a whole."
                        raise file_error("gzip", says)
                    self._gzip = zlib.decompressobj(wbits=31)
        return made

    def _take(self, plain: bytes) -> list[bytes]:
        if not plain:
            return []
        self._unpacked += len(plain)
        return self._store(self._text.feed(plain))

    def _store(self, text: bytes) -> list[bytes]:
        self._total += len(text)
        if self._total > MAX_CONTENT:
            raise PayloadTooLarge("The decompressed file is larger than 1 GB.")
        self._pending += text
        if not self.head and len(self._pending) >= BLOCK:
            self.head = bytes(self._pending[:BLOCK])
        # The last byte stays until the end, which may have to be taken off.
        return [self._cut(BLOCK) for _ in range((len(self._pending) - 1) // BLOCK)]

    def _cut(self, size: int) -> bytes:
        block = bytes(self._pending[:size])
        del self._pending[:size]
        if not self.head:
            self.head = block
        return zlib.compress(block, 1)
