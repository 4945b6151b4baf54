"""The header fields of EPCIS 2.0 (REST bindings, §12.5): versions, formats and limits."""

import re
from collections.abc import Callable

from linkxg.errors import InvalidRequest, NotAcceptable
from linkxg.jobs.model import MAX_UPLOAD

GS1_VOCABULARY = "https://gs1.org/voc/"
"""The namespace of the prefix `gs1` in the context of EPCIS 2.0."""
VERSION = "2.0.0"
"""Of EPCIS and of the Core Business Vocabulary."""
MAX_EVENTS = 100_000
"""Of a captured document."""
ANSWER = {
    "GS1-EPCIS-Version": VERSION,
    "GS1-CBV-Version": VERSION,
    # Those of the standard context; every other extension is kept as it is sent.
    "GS1-Extensions": f"gs1={GS1_VOCABULARY}, cbvmda=urn:epcglobal:cbv:mda:",
}
"""Of every answer that is no error."""
DISCOVERY = {
    **ANSWER,
    "GS1-EPCIS-Min": VERSION,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Min": VERSION,
    "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": "No_Preference",
    "GS1-CBV-XML-Format": "No_Preference",
    "GS1-Vendor-Version": "LinkXG-1",
}
"""Of every answer to OPTIONS, besides `Allow`."""
CAPTURE_LIMITS = {
    "GS1-EPCIS-Capture-Limit": str(MAX_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(MAX_UPLOAD),
}
"""Of OPTIONS on the capture interface, and of 413."""
CAPTURE_DISCOVERY = {**CAPTURE_LIMITS, "GS1-Capture-Error-Behaviour": "all"}
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}")
_ACCEPTED: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    # Corrections of a version change no format.
    "Version": lambda asked, ours: asked[:2] == ours[:2],
    "Min": lambda asked, ours: asked <= ours,
    "Max": lambda asked, ours: asked >= ours,
}


def require_versions(header: Callable[[bytes], bytes | None]) -> None:
    """Check the versions that a request names in its header fields, of which `header` gives the value.

    Raises NotAcceptable for others than `VERSION`, and InvalidRequest for what is no version.
    """
    ours = _read(VERSION)
    for of in ("EPCIS", "CBV"):
        for kind, accepts in _ACCEPTED.items():
            name = f"GS1-{of}-{kind}"
            asked = header(name.lower().encode())
            if asked is None:
                continue
            text = asked.decode("latin-1").strip()
            if _VERSION.fullmatch(text) is None:
                raise InvalidRequest(f"The header {name} must be a version such as {VERSION}.")
            if not accepts(_read(text), ours):
                raise NotAcceptable(f"This service supports {of} {VERSION}, which the header {name} excludes.")


def _read(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))
