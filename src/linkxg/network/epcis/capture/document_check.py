"""Checks the head of a document while it arrives: what is no EPCIS document is refused at once."""

from linkxg.errors import PayloadTooLarge
from linkxg.jobs.json_syntax import syntax_error
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_UPLOAD
from linkxg.network.epcis.capture.faults import invalid_event
from linkxg.network.epcis.capture.model import TOO_MANY_EVENTS
from linkxg.network.epcis.documents.model import EventFault
from linkxg.network.epcis.documents.read_document import EventTexts
from linkxg.network.epcis.gs1_headers import MAX_EVENTS

# Each event has both; to find its end it would have to be parsed, which the job does.
_REQUIRED = (b'"eventTime"', b'"eventTimeZoneOffset"')
_OF_HEAD = "not_epcis"


class DocumentHeadCheck:
    """The check of a file that is captured (`jobs.handler.HeadCheck`)."""

    max_content = MAX_UPLOAD

    def __init__(self) -> None:
        self._counts = [0] * len(_REQUIRED)
        self._tail = b""

    def watch(self, text: bytes) -> None:
        """Raises PayloadTooLarge for more events than may be captured.

        What hides from it, such as names with escapes, the job finds.
        """
        for place, name in enumerate(_REQUIRED):
            # A name may lie across two parts: of the last one, all but its first byte is seen again.
            again = self._tail[-(len(name) - 1) :]
            self._counts[place] += (again + text).count(name)
        self._tail = (self._tail + text)[-max(map(len, _REQUIRED)) :]
        if min(self._counts) > MAX_EVENTS:
            raise PayloadTooLarge(TOO_MANY_EVENTS)

    def check_early(self, head: bytes, *, whole: bool) -> None:
        """Read a document of one block to its end, and others to their first event. Raises InvalidRequest."""
        try:
            # Blank space says that the document is longer than the block.
            for _ in EventTexts(iter([head] if whole else [head, b" "])):
                if not whole:
                    return
        except Unreadable as error:
            # Where the block ends within the header of the document, nothing can be said.
            if whole or error.code == _OF_HEAD:
                where = syntax_error(head) if whole and error.code == "not_json" else None
                raise invalid_event([EventFault("", error.code, where or str(error))]) from None

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        """Once more, since only now it is known whether the block is the whole document; it has no columns."""
        if whole:
            self.check_early(head, whole=True)
        return []
