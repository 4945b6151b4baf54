"""Prefixes of extension names, from the `@context` of a document or event. A context is never fetched.

EPCIS's own context is known; other contexts that are only named by a URL are kept, but add no prefixes, so that names
with a prefix of theirs are rejected.
"""

import json
from collections.abc import Mapping
from types import NoneType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from linkxg.network.epcis.documents.model import EventFault
from linkxg.network.epcis.gs1_headers import GS1_VOCABULARY

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
"""Of every document and event that is answered."""
MAX_CONTEXT = 16_384
"""Characters of JSON, since the context is stored with each event."""
MAX_PREFIXES = 200
MAX_MEMBERS = 50
_MAX_NAMESPACE = 500
_MAX_NESTING = 4
_STANDARD_HOSTS = {"ref.gs1.org": "/standards/epcis/", "gs1.github.io": "/EPCIS/"}
STANDARD_PREFIXES = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    # In XML, which events are hashed like, the namespace has no colon at its end.
    "cbvmda": "urn:epcglobal:cbv:mda",
    "gs1": GS1_VOCABULARY,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
# JSON-LD 1.1 §9.15: what a keyword of a context may be.
_KEYWORDS: dict[str, tuple[type, ...]] = {
    "@base": (str, NoneType),
    "@direction": (str, NoneType),
    "@import": (str,),
    "@language": (str, NoneType),
    "@propagate": (bool,),
    "@protected": (bool,),
    "@version": (float,),
    "@vocab": (str, NoneType),
}
# Beginnings of URIs; a name such as `urn:example:field` needs no prefix.
_SCHEMES = frozenset({"http", "https", "urn"})


class Contexts(NamedTuple):
    """`foreign` are the members of `@context` that are not EPCIS's own, as JSON, '' for none.

    Fields in `ignored` take no part in the hash of an event: a query result names those that its repository added.
    """

    prefixes: dict[str, str]
    foreign: str = ""
    ignored: frozenset[str] = frozenset()

    def expand(self, name: str) -> tuple[str, str] | None:
        """Namespace and local name of an extension field; None if the prefix is unknown."""
        prefix, colon, local = name.partition(":")
        namespace = self.prefixes.get(prefix)
        if namespace is not None and colon:
            return namespace, local
        if prefix.lower() not in _SCHEMES:
            return None
        # Written as a URI.
        end = max(name.rfind("#"), name.rfind("/"), name.rfind(":")) + 1
        return (name[:end], name[end:]) if end < len(name) else None

    def expand_value(self, text: str) -> str:
        """The URI of a word in compact form (`example:dyeing`); any other text as it is."""
        if ":" not in text:
            return text
        prefix, _, local = text.partition(":")
        namespace = self.prefixes.get(prefix)
        return text if namespace is None or local.startswith("//") else namespace + local


NO_CONTEXTS = Contexts(STANDARD_PREFIXES)


def read_contexts(value: Any, within: Contexts = NO_CONTEXTS) -> Contexts | EventFault:
    """The contexts of a document, or with `within` those of an event in it."""
    members: list[Any] = []
    fault = _flatten(value, members, 0)
    if fault is not None:
        return fault
    prefixes = dict(within.prefixes)
    foreign = [write_json(one) for one in json.loads(within.foreign)] if within.foreign else []
    known = set(foreign)
    length = sum(map(len, foreign))
    for member in members:
        if isinstance(member, dict):
            added = _prefixes(member)
            if isinstance(added, EventFault):
                return added
            prefixes.update(added)
        if member and not (isinstance(member, str) and is_standard(member)):
            text = write_json(member)
            if text not in known:
                known.add(text)
                foreign.append(text)
                length += len(text)
        if length > MAX_CONTEXT or len(prefixes) > MAX_PREFIXES:
            return _too_large()
    text = f"[{','.join(foreign)}]" if foreign else ""
    if len(text) > MAX_CONTEXT:
        return _too_large()
    return Contexts(prefixes, text, within.ignored)


def write_json(value: Any) -> str:
    """By this text, members of contexts are compared."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def is_standard(url: str) -> bool:
    """Whether it is a context that GS1 publishes for EPCIS."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    start = _STANDARD_HOSTS.get(parts.hostname or "")
    return start is not None and parts.path.startswith(start) and parts.path.endswith("epcis-context.jsonld")


def _flatten(value: Any, into: list[Any], nesting: int) -> EventFault | None:
    if isinstance(value, list):
        if nesting == _MAX_NESTING:
            return _fault("The @context is nested too deeply.")
        for member in value:
            if (fault := _flatten(member, into, nesting + 1)) is not None:
                return fault
    elif isinstance(value, dict) or (isinstance(value, str) and ":" in value):
        if len(into) == MAX_MEMBERS:
            return _too_large()
        into.append(value)
    elif value is not None:
        return _fault("The @context must be a URL, an object with prefixes, or a list of these.")
    return None


def _prefixes(member: dict[str, Any]) -> dict[str, str] | EventFault:
    found = {}
    for name, value in member.items():
        if name in _KEYWORDS and not isinstance(value, _KEYWORDS[name]):
            return _fault(f"The value of {name} in the @context is invalid.")
        if isinstance(value, dict):
            value = value.get("@id")
        # Keywords, and terms that are defined otherwise, are no prefixes.
        if name.startswith("@") or not isinstance(value, str) or value.startswith("@"):
            continue
        if ":" not in value:
            return _fault(f"The prefix {name[:40]} in the @context must stand for an absolute URI.")
        if len(value) > _MAX_NAMESPACE:
            return _fault(f"The prefix {name[:40]} in the @context stands for more than {_MAX_NAMESPACE} characters.")
        found[name] = value
    for name in found:
        if _is_cyclic(name, found):
            return _fault(f"The prefix {name[:40]} in the @context stands for itself.")
    return found


def _is_cyclic(name: str, prefixes: Mapping[str, str]) -> bool:
    """A namespace may begin with another prefix (JSON-LD 1.1 §5.2: never, in the end, with its own)."""
    prefix, passed = name, set[str]()
    while prefix in prefixes and prefix not in passed:
        passed.add(prefix)
        prefix, _, local = prefixes[prefix].partition(":")
        if local.startswith("//"):
            return False
    return prefix in passed


def _too_large() -> EventFault:
    return _fault(
        f"The @context is too large: {MAX_CONTEXT} characters, {MAX_MEMBERS} members and {MAX_PREFIXES} prefixes "
        "are allowed."
    )


def _fault(message: str) -> EventFault:
    return EventFault("/@context", "invalid_context", message)
