"""Decompresses an upload, gzip or not, into the blocks that are stored.

Each block is up to a MiB of the decompressed file in UTF-8, compressed on its own, so that blocks are read one by one.
Unusable files are rejected while they arrive: damaged gzip, gzip bombs, what is not text, what is too large.
"""

import hashlib
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from linkxg.errors import PayloadTooLarge
from linkxg.jobs.charsets import Utf8Stream
from linkxg.jobs.file_error import file_error
from linkxg.jobs.model import MAX_CONTENT, MAX_MEMBERS, MAX_RATIO, MIB

BLOCK = MIB
_GZIP = b"\x1f\x8b"
_CTRL_Z, _LINE_ENDS = b"\x1a", b"\r\n"
_RATIO_EXEMPT = MIB
"""A file of this size may have any ratio."""


class FileFacts(NamedTuple):
    """Size of the decompressed file, size of the upload, and SHA-256 of the upload."""

    bytes: int
    uploaded: int
    sha256: str


class Gunzip:
    """`feed()` what arrives, then `finish()`; both return blocks. Raises ValidationFailed or PayloadTooLarge.

    `head` is the first block, with the header; `is_whole` says that it is the whole file. `watch` is called with each
    part of the text, in order.
    """

    def __init__(
        self,
        charset: str | None = None,
        max_content: int = MAX_CONTENT,
        watch: Callable[[bytes], None] | None = None,
    ) -> None:
        self._watch = watch
        self.head = b""
        self._max_content = max_content
        self.is_whole = False
        self._pending = bytearray()
        self._first = b""
        self._gzip: Any = None
        self._members = 1
        self._has_started = False
        self._uploaded = 0
        self._unpacked = 0
        self._total = 0
        self._text = Utf8Stream(charset)
        self._digest = hashlib.sha256()

    def feed(self, part: bytes) -> list[bytes]:
        self._uploaded += len(part)
        self._digest.update(part)
        if not self._has_started:
            self._first += part
            if len(self._first) < len(_GZIP):
                return []
            part = self._start()
        if self._gzip is None:
            return self._decode(part)
        return self._inflate(part)

    def first_block(self) -> bytes:
        """The first block, as far as it has arrived."""
        return self.head or bytes(self._pending)

    def finish(self) -> tuple[list[bytes], FileFacts]:
        # A file of one byte has not been looked at yet.
        blocks = [] if self._has_started else self._decode(self._start())
        if self._gzip is not None and not self._gzip.eof:
            raise file_error("gzip", "The gzip file is truncated; the upload may have been cut off.")
        blocks += self._store(self._text.finish())
        self._drop_end_of_file()
        if not self._total:
            raise file_error("empty", "The file is empty.")
        if self._pending:
            self.is_whole = not self.head
            blocks.append(self._cut_block(len(self._pending)))
        return blocks, FileFacts(self._total, self._uploaded, self._digest.hexdigest())

    def _drop_end_of_file(self) -> None:
        """Remove the Ctrl-Z with which DOS programs end a text."""
        kept = self._pending.rstrip(_LINE_ENDS + _CTRL_Z)
        if _CTRL_Z in self._pending[len(kept) :]:
            self._total -= len(self._pending) - len(kept)
            self._pending = kept

    def _start(self) -> bytes:
        self._has_started = True
        first, self._first = self._first, b""
        if first.startswith(_GZIP):
            self._gzip = zlib.decompressobj(wbits=31)
        return first

    def _inflate(self, part: bytes) -> list[bytes]:
        blocks: list[bytes] = []
        while part:
            try:
                inflated = self._gzip.decompress(part, BLOCK)
            except zlib.error:
                raise file_error("gzip", "The gzip file is damaged.") from None
            blocks += self._decode(inflated)
            if self._unpacked > max(_RATIO_EXEMPT, self._uploaded * MAX_RATIO):
                raise file_error("gzip", f"The gzip file decompresses to more than {MAX_RATIO} times its size.")
            part = self._gzip.unconsumed_tail
            if self._gzip.eof:
                part = self._gzip.unused_data
                if part:
                    # RFC 1952 §2.2: a file may have several members, one after the other.
                    self._members += 1
                    if self._members > MAX_MEMBERS:
                        message = f"The gzip file has more than {MAX_MEMBERS:,} members. Compress the file as a whole."
                        raise file_error("gzip", message)
                    self._gzip = zlib.decompressobj(wbits=31)
        return blocks

    def _decode(self, inflated: bytes) -> list[bytes]:
        if not inflated:
            return []
        self._unpacked += len(inflated)
        return self._store(self._text.feed(inflated))

    def _store(self, text: bytes) -> list[bytes]:
        self._total += len(text)
        if self._total > self._max_content:
            raise PayloadTooLarge(f"The decompressed file is larger than {self._max_content // MIB} MiB.")
        if self._watch is not None:
            self._watch(text)
        self._pending += text
        if not self.head and len(self._pending) >= BLOCK:
            self.head = bytes(self._pending[:BLOCK])
        # The last byte stays: it may be a Ctrl-Z.
        return [self._cut_block(BLOCK) for _ in range((len(self._pending) - 1) // BLOCK)]

    def _cut_block(self, size: int) -> bytes:
        block = bytes(self._pending[:size])
        del self._pending[:size]
        if not self.head:
            self.head = block
        return zlib.compress(block, 1)
