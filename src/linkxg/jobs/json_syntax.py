"""Says where the JSON of a document is broken, and what is probably wrong there."""

import json
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE


def syntax_error(document: bytes) -> str | None:
    """Line, column and reason; None if it is not broken, or cannot be known."""
    if not document or document.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return None
    text = document.removeprefix(BOM_UTF8).decode(errors="replace")
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        # Where it is broken; what the library says of it may be reworded.
        at = getattr(error, "pos", None)
        return None if at is None else _syntax_error(text, at)
    return None


def _syntax_error(text: str, at: int) -> str:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    reason = _reason(text[:at].rstrip()[-1:], text[at : at + 1], text[at + 1 :])
    return f"The JSON is broken at line {line:,}, column {column:,}: {reason}."


def _reason(before: str, here: str, after: str) -> str:
    """Why JSON cannot go on with the character `here`; `before` is the last one that is no space."""
    if not here:
        return "the document ends too early; a bracket is not closed"
    closes_too_early = before == "," and here in "]}"
    if closes_too_early or (here == "," and after.lstrip()[:1] in ("]", "}")):
        return "remove the comma after the last entry of the list or object"
    if here < " ":
        return "a text contains a line break or a tab; write \\n or \\t"
    if here == "\\":
        return "a backslash in a text must be doubled"
    if here in "'\u2018\u2019\u201c\u201d\u201e":
        return 'strings and names must be in straight double quotes: "'
    if here == '"' and before in "{[,:":
        return "a string is opened here but never closed"
    if before and before not in "{[,:":
        return "a comma, a colon or a closing bracket is missing before it"
    return "a value, or a name in double quotation marks, is expected"
