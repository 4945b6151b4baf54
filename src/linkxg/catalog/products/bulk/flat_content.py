"""Builds product contents from plain text, a column at a time.

Most rows of most files hold nothing else, and half a million of them need no document each that is built, checked and
written: what can be wrong with texts is asked of a whole column, and then they go into the canonical JSON (RFC 8785) as
they are. That holds for texts without a character that JSON escapes and for short decimal numbers. Whatever is not
surely plain is left to `plan_row`, which says what is wrong, if anything is; a test holds the two against each other.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from typing import Any, NamedTuple

from msgspec import inspect

from linkxg.catalog.products.check_content import RULES, UNITS
from linkxg.catalog.products.content import MAX_ATTRIBUTES, MAX_ATTRIBUTES_BYTES, Content

Path = tuple[str, ...]
Column = Sequence[str]
_ATTRIBUTES = "attributes"
# Integers and fractions that ECMAScript writes like this, in a range that every number of a content may be in.
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{0,5}[1-9])?")
_ATTRIBUTE_NAME = re.compile(r"[ !#$&-\[\]-~]+")
_MAY_BE_JSON = frozenset('-0123456789tf"[{')
_FLAGS = frozenset(("TRUE", "FALSE"))
"""What a spreadsheet writes for true and false."""
_SHAPES = 256
"""So many ways of leaving cells empty are remembered."""


class FlatContent(NamedTuple):
    """`content` is canonical JSON; `named` is what a search finds it by, and `category` its code."""

    content: str
    named: str
    category: str | None


class _Leaf(NamedTuple):
    """What a path may hold: a text of at most so many characters that `fits`, or a number."""

    longest: int
    fits: Callable[[str], bool] | None
    is_number: bool = False


class _Shape(NamedTuple):
    """The JSON of rows in which the same cells are given, with a place for each; which columns go there."""

    json: str
    order: tuple[int, ...]


class FlatContents:
    """`read()` gives what rows make, column by column, under these paths; None for a row that is not surely plain.

    `never` are texts that begin with # and are no values.
    """

    def __init__(self, paths: Sequence[Path], never: frozenset[str] = frozenset()) -> None:
        self._paths = tuple(paths)
        self._never = never
        self._leaves = [_leaf(path) for path in paths]
        self._shapes: dict[tuple[bool, ...], _Shape | None] = {}
        self._named = [self._paths.index(path) for path in _NAMED if path in self._paths]
        self._category = self._paths.index(_CATEGORY) if _CATEGORY in self._paths else None

    def read(self, columns: Sequence[Column], count: int) -> list[FlatContent | None]:
        """Of `count` rows; an empty cell is a member that is not there."""
        odd: set[int] = set()
        given = []
        for column, path, leaf in zip(columns, self._paths, self._leaves, strict=True):
            odd.update(_odd(column, path, leaf, self._never))
            given.append([_written(cell) for cell in column] if path[0] == _ATTRIBUTES else column)
        texts = self._texts(given, count)
        named = zip(*(columns[place] for place in self._named), strict=True) if self._named else repeat((), count)
        categories = repeat(None, count) if self._category is None else columns[self._category]
        return [
            FlatContent(text, "\n".join(filter(None, names)), category or None)
            if text and place not in odd and len(text) <= MAX_ATTRIBUTES_BYTES // 4
            else None
            for place, (text, names, category) in enumerate(zip(texts, named, categories, strict=True))
        ]

    def _texts(self, columns: Sequence[Column], count: int) -> Iterable[str]:
        """The JSON of each row; empty where a row is not whole."""
        if all(map(all, columns)):
            shape = self._shape((True,) * len(columns))
            if shape is None or not shape.order:
                return repeat("", count)
            return map(shape.json.__mod__, zip(*(columns[place] for place in shape.order), strict=True))
        return map(self._text, zip(*columns, strict=True))

    def _text(self, cells: Sequence[str]) -> str:
        shape = self._shape(tuple(map(bool, cells)))
        return "" if shape is None else shape.json % tuple([cells[place] for place in shape.order])

    def _shape(self, given: tuple[bool, ...]) -> _Shape | None:
        try:
            return self._shapes[given]
        except KeyError:
            shape = _shape_of(list(compress(enumerate(self._paths), given)), self._leaves)
            if len(self._shapes) < _SHAPES:
                self._shapes[given] = shape
            return shape


_NAMED: tuple[Path, ...] = (("name",), ("brand",), ("modelNumber",))
_CATEGORY: Path = ("category", "code")


def _odd(column: Column, path: Path, leaf: _Leaf | None, never: frozenset[str]) -> list[int]:
    """The places of cells that are not surely plain; empty ones are."""
    if _fit(column, path, leaf, never):
        return []
    return [place for place, cell in enumerate(column) if not _fit((cell,), path, leaf, never)]


def _fit(column: Column, path: Path, leaf: _Leaf | None, never: frozenset[str]) -> bool:
    if leaf is None:
        return not any(column)
    if leaf.is_number:
        return all(map(_NUMBER.fullmatch, filter(None, column)))
    text = "".join(column)
    if not text.isprintable() or '"' in text or "\\" in text or max(map(len, column)) > leaf.longest:
        return False
    if "#" in text and not never.isdisjoint(column):
        return False
    if path[0] == _ATTRIBUTES:
        if ("TRUE" in text or "FALSE" in text) and not _FLAGS.isdisjoint(column):
            return False
        return all(_NUMBER.fullmatch(cell) for cell in column if cell[:1] in _MAY_BE_JSON)
    return leaf.fits is None or all(map(leaf.fits, filter(None, set(column))))


def _written(cell: str) -> str:
    """An attribute: a number where it is one, else a text."""
    return cell if not cell or (cell[0] in _MAY_BE_JSON and _NUMBER.fullmatch(cell)) else f'"{cell}"'


def _leaf(path: Path) -> _Leaf | None:
    """None for a path under which no plain cell can stand."""
    if path[0] == _ATTRIBUTES:
        named = len(path) == 2 and _ATTRIBUTE_NAME.fullmatch(path[1])
        return _Leaf(MAX_ATTRIBUTES_BYTES, None) if named else None
    if path[0] == "dimensions":
        return _Leaf(0, None, is_number=True) if path[2] == "value" else _Leaf(3, UNITS[path[1]].__contains__)
    kind: inspect.Type = _CONTENT
    rule = None
    for name in path:
        assert isinstance(kind, inspect.StructType)
        kind, rule = _bare(next(field.type for field in kind.fields if field.encode_name == name))
    if not isinstance(kind, inspect.StrType):
        return None
    return _Leaf(kind.max_length or MAX_ATTRIBUTES_BYTES, _FITS[rule])


def _bare(kind: inspect.Type) -> tuple[inspect.Type, str | None]:
    """(the type itself, its rule)."""
    if isinstance(kind, inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.Metadata):
        return kind.type, (kind.extra or {}).get("rule")
    return kind, None


def _fits(rule: Callable[[str], str | None]) -> Callable[[str], bool]:
    return lambda text: rule(text) is None


_CONTENT = inspect.type_info(Content)
_FITS: dict[str | None, Callable[[str], bool] | None] = {name: _fits(rule) for name, rule in RULES.items()}
# Every text is printable by then, which is all that these ask for.
_FITS |= {None: None, "line": None}


def _shape_of(given: Sequence[tuple[int, Path]], leaves: Sequence[_Leaf | None]) -> _Shape | None:
    """None when a part is not whole: a measure without its unit is for `plan_row` to refuse."""
    tree: dict[str, Any] = {}
    for place, path in given:
        if leaves[place] is None:
            return None
        part = tree
        for name in path[:-1]:
            part = part.setdefault(name, {})
        part[path[-1]] = place
    if not _is_whole(tree, _CONTENT) or len(tree.get(_ATTRIBUTES, ())) > MAX_ATTRIBUTES:
        return None
    order: list[int] = []
    return _Shape(_json_of(tree, leaves, order), tuple(order))


def _is_whole(part: dict[str, Any], kind: inspect.Type) -> bool:
    if not isinstance(kind, inspect.StructType):
        return True
    if any(field.required and field.encode_name not in part for field in kind.fields):
        return False
    inner = ((part.get(field.encode_name), field) for field in kind.fields)
    return all(_is_whole(members, _bare(field.type)[0]) for members, field in inner if isinstance(members, dict))


def _json_of(part: dict[str, Any], leaves: Sequence[_Leaf | None], order: list[int], within: str = "") -> str:
    """Names are sorted as RFC 8785 wants it; of ASCII, any order of characters is the same."""
    members = []
    for name, value in sorted(part.items()):
        if isinstance(value, dict):
            place = _json_of(value, leaves, order, within=name)
        else:
            order.append(value)
            leaf = leaves[value]
            # Attributes have their quotation marks already.
            is_bare = within == _ATTRIBUTES or (leaf is not None and leaf.is_number)
            place = "%s" if is_bare else '"%s"'
        members.append(f'"{name}":{place}')
    return "{" + ",".join(members) + "}"
