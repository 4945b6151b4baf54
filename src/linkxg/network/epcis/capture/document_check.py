"""Checks the head of a document while it arrives: what is no EPCIS document is refused at once."""

from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_UPLOAD
from linkxg.network.epcis.capture.faults import invalid_event
from linkxg.network.epcis.documents.model import EventFault
from linkxg.network.epcis.documents.read_document import EventTexts

_OF_HEAD = "not_epcis"


class DocumentHeadCheck:
    """The check of a file that is captured (`jobs.handler.HeadCheck`)."""

    max_content = MAX_UPLOAD

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
                raise invalid_event([EventFault("", error.code, str(error))]) from None

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        """Once more, since only now it is known whether the block is the whole document; it has no columns."""
        if whole:
            self.check_early(head, whole=True)
        return []
