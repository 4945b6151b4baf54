"""Recognises files that are no EPCIS document in JSON while they are uploaded, and says what to upload instead."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import AsyncIterator

from linkxg.jobs.file_kinds import SAMPLE, other_kind
from linkxg.jobs.json_syntax import syntax_error
from linkxg.jobs.model import MIB

_EXPORT = "Upload an EPCIS 2.0 document in JSON."
_XML = (
    "This is an XML file. Events are captured from JSON here: let the system that made the file export EPCIS 2.0 as "
    "JSON, or convert EPCIS XML with a converter for EPCIS 2.0."
)
_TABLE = (
    "This is a table or another text, not JSON. Events cannot be read from a table: let the system that recorded them "
    "export an EPCIS 2.0 document in JSON."
)
_SPREADSHEET = (
    "A spreadsheet program saved this document and doubled its quotation marks. Upload the original file; to look into "
    "it, open it in a text editor."
)


class NotADocument(Exception):
    """The file is of another kind; the message says what to do."""


class WatchedDocument:
    """The parts of an upload; raises NotADocument as soon as they show that it is of another kind."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self._head = bytearray()
        self._is_whole = True

    async def parts(self) -> AsyncIterator[bytes]:
        is_known = False
        async for part in self._parts:
            if self._is_whole:
                self._head += part
                self._is_whole = len(self._head) <= MIB
            if not is_known and len(self._head) >= SAMPLE:
                is_known = True
                refuse_other_kinds(bytes(self._head[:SAMPLE]))
            yield part
        if not is_known:
            refuse_other_kinds(bytes(self._head[:SAMPLE]))

    def syntax_error(self) -> str | None:
        """Where the JSON of a small document is broken; None if it is not, or cannot be known."""
        return syntax_error(bytes(self._head)) if self._is_whole else None


def refuse_other_kinds(sample: bytes) -> None:
    """Raises NotADocument. What is compressed is looked at later, as a document."""
    if sample.startswith((b"\x1f\x8b", BOM_UTF16_LE, BOM_UTF16_BE)):
        return
    text = sample.removeprefix(BOM_UTF8).lstrip(b" \t\r\n")
    if text[:1] == b"<":
        raise NotADocument(_XML)
    if kind := other_kind(sample):
        raise NotADocument(f"{kind.partition('. ')[0].rstrip('.')}. {_EXPORT}")
    if text.startswith((b'"{', b'{""')):
        raise NotADocument(_SPREADSHEET)
    if text and text[:1] not in (b"{", b"["):
        raise NotADocument(_TABLE)
