"""The events of an EPCIS document, as raw JSON texts, in bounded memory (EPCIS 2.0 §10, the JSON schema of GS1).

Accepted are an EPCISDocument and an EPCISQueryDocument. The header is checked for its syntax and otherwise ignored.
"""

from collections.abc import Iterator
from typing import Any

from linkxg.http import strict_json
from linkxg.jobs.json_rows import JsonText
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.model import MAX_ROW_BYTES
from linkxg.network.epcis.documents.contexts import NO_CONTEXTS, Contexts, read_contexts
from linkxg.network.epcis.documents.model import EventFault

LATE_CONTEXT = 1 << 20
"""A document up to this size may have its `@context` after its body."""
_TYPES = ("EPCISDocument", "EPCISQueryDocument")
_HEAD = {"@context", "type", "schemaVersion", "creationDate"}
_NAMES = _HEAD | {"id", "instanceIdentifier", "sender", "receiver", "epcisHeader", "epcisBody"}
_BODY = {
    "epcisBody": ("eventList", "event", "queryResults"),
    "queryResults": ("resultsBody",),
    "resultsBody": ("eventList",),
}
_IGNORE_FIELDS = ":ignoreFields"


class EventTexts(JsonText):
    """A RowSource: (line, text) of each event. Raises Unreadable.

    `contexts` are those of the document; they are known when the first event is returned.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._kept: list[str] | None = []
        super().__init__(self._keep(blocks))
        self.contexts: Contexts = NO_CONTEXTS
        self._head: dict[str, Any] = {}
        self._ignored: list[str] = []
        self._has_events = False

    def __iter__(self) -> Iterator[tuple[int, str]]:
        if self._peek() != "{":
            raise Unreadable("not_epcis", "The document must be a JSON object, an EPCISDocument.")
        for name in self._members():
            if name == "epcisBody":
                yield from self._body(name)
            elif name in _NAMES or ":" in name:
                value = self._value()
                if name in _HEAD:
                    self._set_head(name, value)
            else:
                raise self._fault(f"{name[:40]!r} is not a member of an EPCIS document.")
        if self._peek():
            raise self._broken()
        self._check_end()

    def _body(self, name: str) -> Iterator[tuple[int, str]]:
        """The events below a member of the body."""
        if self._peek() != "{":
            raise self._fault(f"{name} must be an object.")
        for member in self._members():
            if member in ("eventList", "event") and member in _BODY[name]:
                yield from self._events(member)
            elif member in _BODY[name]:
                yield from self._body(member)
            elif member.endswith(_IGNORE_FIELDS):
                fields = self._value()
                self._ignored += [one for one in fields if isinstance(one, str)] if isinstance(fields, list) else []
            else:
                self._value()

    def _events(self, member: str) -> Iterator[tuple[int, str]]:
        if self._has_events:
            raise self._fault("The document has more than one list of events.")
        self._has_events = True
        if "@context" not in self._head:
            self._find_late_context()
        self._kept = None
        self.contexts = self.contexts._replace(ignored=frozenset(self._ignored))
        mark = self._peek()
        if member == "event":
            yield self._line, self._element()
        elif mark == "[":
            yield from self._elements()
        else:
            raise self._fault("eventList must be an array.")

    def _set_head(self, name: str, value: Any) -> None:
        self._head[name] = value
        if name == "@context":
            found = read_contexts(value)
            if isinstance(found, EventFault):
                raise self._fault(found.message)
            self.contexts = found
        elif name == "type" and value not in _TYPES:
            raise self._fault("The type of the document must be EPCISDocument or EPCISQueryDocument.")
        elif name == "schemaVersion" and not (isinstance(value, str) and value.split(".")[0] == "2"):
            raise self._fault("schemaVersion must be 2.0.")

    def _check_end(self) -> None:
        if "type" not in self._head:
            raise self._fault("The document has no type; it must be EPCISDocument or EPCISQueryDocument.")
        required = {"@context"} if self._head["type"] == _TYPES[1] else _HEAD
        if missing := sorted(required - self._head.keys()):
            raise self._fault(f"The document has no {missing[0]}.")
        if not self._has_events:
            raise self._fault("The document has no list of events in its epcisBody.")

    def _find_late_context(self) -> None:
        """Reads a small document to its end; what has been read stays in the window."""
        while self._kept is not None and self._refill():
            pass
        if self._kept is None:
            raise self._fault("In a document of more than 1 MiB, @context must come before epcisBody.")
        try:
            document = strict_json.parse("".join(self._kept))
        except strict_json.NotStrictJson as error:
            raise self._fault(str(error)) from None
        if "@context" in document:
            found = read_contexts(document["@context"])
            if isinstance(found, EventFault):
                raise self._fault(found.message)
            self.contexts = found

    def _keep(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for block in blocks:
            size += len(block)
            if size > LATE_CONTEXT:
                self._kept = None
            elif self._kept is not None:
                self._kept.append(block.decode(errors="replace"))
            yield block

    def _members(self) -> Iterator[str]:
        """The names of an object's members; the caller reads the value of each before it asks for the next."""
        self._advance(1)
        seen: set[str] = set()
        if self._peek() == "}":
            self._advance(1)
            return
        mark = ","
        while mark == ",":
            if self._peek() != '"':
                raise self._broken()
            name = self._value()
            if name in seen:
                raise self._fault("A member name is repeated.")
            seen.add(name)
            if len(seen) > MAX_ROW_BYTES // 100 or self._peek() != ":":
                raise self._broken()
            self._advance(1)
            self._peek()
            yield name
            mark = self._peek()
            self._advance(1)
        if mark != "}":
            raise self._broken()

    def _value(self) -> Any:
        """A value that is not a list of events."""
        self._peek()
        try:
            return strict_json.parse(self._element())
        except strict_json.NotStrictJson as error:
            raise self._fault(str(error)) from None

    def _broken(self) -> Unreadable:
        message = f"This is not valid JSON: what begins at line {self._line:,}, column {self._column:,} cannot be read."
        return Unreadable("not_json", message, self._line)

    def _fault(self, message: str) -> Unreadable:
        return Unreadable("not_epcis", message, self._line)
