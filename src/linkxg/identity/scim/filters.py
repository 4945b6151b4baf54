"""Parses filters (RFC 7644 §3.4.2.2) into a tree, bounded in length, depth and number of comparisons."""

import re

from linkxg.http.strict_json import NotStrictJson, parse
from linkxg.identity.scim.filter_model import Both, Comparison, Either, Filter, Negation, Value
from linkxg.identity.scim.model import CORE_SCHEMA
from linkxg.identity.scim.scim_errors import InvalidFilter

MAX_LENGTH = 2_000
MAX_DEPTH = 8
MAX_COMPARISONS = 20

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()\[\]])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()\[\]"]+))""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?:urn:[\w.:-]+:)?[a-zA-Z$][\w-]*(?:\.[a-zA-Z$][\w-]*)?")
_OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})


def parse_filter(text: str) -> Filter:
    """Raises InvalidFilter."""
    if len(text) > MAX_LENGTH:
        raise InvalidFilter(f"A filter has at most {MAX_LENGTH} characters.")
    reader = _Reader(text)
    found = reader.disjunction(0)
    if reader.word is not None:
        raise InvalidFilter
    return found


class _Reader:
    """A recursive descent over the tokens; `or` binds weaker than `and`, `and` weaker than `not`."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text.rstrip(), 0
        self._comparisons = 0
        self._prefixes: list[str] = []
        self.word: str | None = None
        self._next()

    def disjunction(self, depth: int) -> Filter:
        left = self._conjunction(depth)
        while self._keyword() == "or":
            self._next()
            left = Either(left, self._conjunction(depth))
        return left

    def _conjunction(self, depth: int) -> Filter:
        left = self._term(depth)
        while self._keyword() == "and":
            self._next()
            left = Both(left, self._term(depth))
        return left

    def _term(self, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            raise InvalidFilter("The filter is nested too deeply.")
        if self._keyword() == "not":
            self._next()
            return Negation(self._group("(", ")", depth))
        if self.word == "(":
            return self._group("(", ")", depth)
        return self._comparison(depth)

    def _group(self, opening: str, closing: str, depth: int) -> Filter:
        self._take(opening)
        inner = self.disjunction(depth + 1)
        self._take(closing)
        return inner

    def _comparison(self, depth: int) -> Filter:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise InvalidFilter(f"A filter has at most {MAX_COMPARISONS} comparisons.")
        attribute = attribute_name(self._next() or "")
        if self.word == "[":
            if self._prefixes:
                raise InvalidFilter
            self._prefixes.append(attribute)
            inner = self._group("[", "]", depth)
            self._prefixes.pop()
            return inner
        attribute = ".".join((*self._prefixes, attribute))
        operator = (self._next() or "").lower()
        if operator == "pr":
            return Comparison(attribute, operator)
        if operator not in _OPERATORS:
            raise InvalidFilter
        return Comparison(attribute, operator, _value(self._next() or ""))

    def _keyword(self) -> str:
        return (self.word or "").lower()

    def _take(self, mark: str) -> None:
        if self._next() != mark:
            raise InvalidFilter

    def _next(self) -> str | None:
        """The current token; the one after it becomes the current one."""
        current, self.word = self.word, None
        if self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise InvalidFilter
            self._at, self.word = match.end(), match.group(match.lastgroup or 0)
        return current


def attribute_name(text: str) -> str:
    """The canonical name of an attribute path. Raises InvalidFilter."""
    if not _ATTRIBUTE.fullmatch(text):
        raise InvalidFilter
    return text.lower().removeprefix(f"{CORE_SCHEMA.lower()}:")


def _value(text: str) -> Value:
    lowered = text.lower()
    # Identity providers write `True`.
    if lowered in ("true", "false", "null"):
        text = lowered
    try:
        value = parse(text)
    except NotStrictJson:
        raise InvalidFilter("A value of a filter is a quoted string, a number, true, false or null.") from None
    if isinstance(value, dict | list):
        raise InvalidFilter
    found: Value = value
    return found
