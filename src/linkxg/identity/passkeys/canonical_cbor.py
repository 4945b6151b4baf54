"""The form of CBOR that authenticators write: the CTAP2 canonical form (FIDO CTAP 2.1 §8).

Checked before a decoder reads it: canonical CBOR has no tags and no indefinite lengths. Seven bytes of a tagged number
would cost the decoder 85 ms, and a stranger may send thousands.
"""

MAX_DEPTH = 4
"""Levels of arrays and maps (CTAP 2.1 §8)."""
_LENGTH_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}
_SIMPLE = range(20, 24)
"""False, true, null and undefined."""


class NotCanonicalCbor(ValueError):
    """The bytes are no canonical CBOR."""


def end_of_item(content: bytes, start: int, depth: int = MAX_DEPTH) -> int:
    """The position after the item that begins at `start`. Raises NotCanonicalCbor."""
    if start >= len(content):
        raise NotCanonicalCbor("it ends early")
    major, argument = content[start] >> 5, content[start] & 0x1F
    if major == 7:
        return _end_of_simple(content, start, argument)
    value, end = _argument(content, start, argument)
    if major < 2:
        return end
    if major < 4:
        return _within(content, end + value)
    if major == 6 or not depth:
        raise NotCanonicalCbor("it has a tag" if depth else "it is nested too deeply")
    for _ in range(value if major == 4 else 2 * value):
        # Each item has at least one byte: a large number of items ends at the end of the content.
        end = end_of_item(content, end, depth - 1)
    return end


def _argument(content: bytes, start: int, argument: int) -> tuple[int, int]:
    """The argument of an item's head, and where the head ends."""
    if argument < 24:
        return argument, start + 1
    width = _LENGTH_BYTES.get(argument)
    if width is None:
        raise NotCanonicalCbor("its length is indefinite")
    end = _within(content, start + 1 + width)
    return int.from_bytes(content[start + 1 : end]), end


def _end_of_simple(content: bytes, start: int, argument: int) -> int:
    if argument in _SIMPLE:
        return start + 1
    width = _LENGTH_BYTES.get(argument, 0)
    if width < 2:
        raise NotCanonicalCbor("it has an unknown simple value")
    # A floating-point number.
    return _within(content, start + 1 + width)


def _within(content: bytes, end: int) -> int:
    if end > len(content):
        raise NotCanonicalCbor("it ends early")
    return end
