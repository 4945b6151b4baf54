"""Bounds the names of an event, and its text with all namespaces in full, which is hashed and searched."""

from typing import Any

from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.model import EventFault
from linkxg.network.epcis.documents.schema_faults import below

MAX_NAME = 2_000
MAX_NAMESPACES = 4 * 1024 * 1024
"""Characters of namespaces, if each name and value in compact form is written as its URI."""


def check_sizes(event: dict[str, Any], contexts: Contexts) -> EventFault | None:
    lengths = {prefix: len(namespace) for prefix, namespace in contexts.prefixes.items()}
    total = 0
    waiting: list[tuple[Any, str]] = [(event, "")]
    while waiting:
        value, pointer = waiting.pop()
        if isinstance(value, dict):
            for name in value:
                if len(name) > MAX_NAME:
                    message = f"The name of a field must have at most {MAX_NAME} characters."
                    return EventFault(below(pointer, name), "too_long", message)
                total += lengths.get(name.partition(":")[0], 0)
            inner = [
                (member, below(pointer, name)) for name, member in value.items() if isinstance(member, dict | list)
            ]
        else:
            inner = [(member, pointer) for member in value if isinstance(member, dict | list)]
        texts = value.values() if isinstance(value, dict) else value
        total += sum([lengths.get(text.partition(":")[0], 0) for text in texts if isinstance(text, str)])
        if total > MAX_NAMESPACES:
            message = "With the namespaces of its prefixes in full, the event is too long; use shorter namespaces."
            return EventFault("", "too_large", message)
        waiting += inner
    return None
