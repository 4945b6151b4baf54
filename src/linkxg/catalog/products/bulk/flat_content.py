"""The fast path for contents: canonical JSON (RFC 8785) from cells of plain text, a column at a time.

Most rows need no document that is built, validated and encoded: texts without characters that JSON escapes, and short
decimal numbers, are validated column by column and inserted into a template. All other rows are left to `plan_row`,
which reports what is wrong with them, if anything; a test compares the two paths.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from typing import Any, NamedTuple

from msgspec import inspect

from linkxg.catalog.products.check_content import DIMENSION_UNITS, TEXT_RULES
from linkxg.catalog.products.content import MAX_ATTRIBUTES, MAX_ATTRIBUTES_BYTES, Content

Path = tuple[str, ...]
Column = Sequence[str]
_ATTRIBUTES = "attributes"
# Numbers that are written the same in ECMAScript, in a range that is valid for every number of a content.
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{0,5}[1-9])?")
_ATTRIBUTE_NAME = re.compile(r"[ !#$&-\[\]-~]+")
_MAY_BE_JSON = frozenset('-0123456789tf"[{')
_FLAGS = frozenset(("TRUE", "FALSE"))
"""How spreadsheets write true and false."""
_MAX_TEMPLATES = 256


class FlatContent(NamedTuple):
    """`content` is canonical JSON, `names` are the lines of the search key after the SKU, `category` is the code."""

    content: str
    names: str
    category: str | None


class _Leaf(NamedTuple):
    """The type of a path: a number, or a text of at most `max_length` characters that `is_valid` accepts."""

    max_length: int
    is_valid: Callable[[str], bool] | None
    is_number: bool = False


class _Template(NamedTuple):
    """The JSON of rows with the same non-empty cells, as a format string, and the columns to insert in order."""

    json: str
    order: tuple[int, ...]


class FlatContents:
    """Reads rows whose columns are these paths of a content; `invalid` are texts with a # that are no values."""

    def __init__(self, paths: Sequence[Path], invalid: frozenset[str] = frozenset()) -> None:
        self._paths = tuple(paths)
        self._invalid = invalid
        self._leaves = [_leaf(path) for path in paths]
        self._templates: dict[tuple[bool, ...], _Template | None] = {}
        self._named = [self._paths.index(path) if path in self._paths else None for path in _NAMED]
        self._category = self._paths.index(_CATEGORY) if _CATEGORY in self._paths else None

    def read(self, columns: Sequence[Column], count: int) -> list[FlatContent | None]:
        """The contents of `count` rows, None for a row that may not be plain; an empty cell is a missing member."""
        not_plain: set[int] = set()
        encoded = []
        for column, path, leaf in zip(columns, self._paths, self._leaves, strict=True):
            not_plain.update(_not_plain(column, path, leaf, self._invalid))
            encoded.append([_encode_attribute(cell) for cell in column] if path[0] == _ATTRIBUTES else column)
        texts = self._texts(encoded, count)
        named = zip(*(repeat("", count) if index is None else columns[index] for index in self._named), strict=True)
        categories = repeat(None, count) if self._category is None else columns[self._category]
        return [
            FlatContent(text, "\n".join(names), category or None)
            if text and index not in not_plain and len(text) <= MAX_ATTRIBUTES_BYTES // 4
            else None
            for index, (text, names, category) in enumerate(zip(texts, named, categories, strict=True))
        ]

    def _texts(self, columns: Sequence[Column], count: int) -> Iterable[str]:
        """The JSON of each row, empty for an incomplete row."""
        if all(map(all, columns)):
            template = self._template((True,) * len(columns))
            if template is None or not template.order:
                return repeat("", count)
            return map(template.json.__mod__, zip(*(columns[index] for index in template.order), strict=True))
        return map(self._text, zip(*columns, strict=True))

    def _text(self, cells: Sequence[str]) -> str:
        template = self._template(tuple(map(bool, cells)))
        return "" if template is None else template.json % tuple([cells[index] for index in template.order])

    def _template(self, non_empty: tuple[bool, ...]) -> _Template | None:
        try:
            return self._templates[non_empty]
        except KeyError:
            template = _template_of(list(compress(enumerate(self._paths), non_empty)), self._leaves)
            if len(self._templates) < _MAX_TEMPLATES:
                self._templates[non_empty] = template
            return template


_NAMED: tuple[Path, ...] = (("name",), ("brand",), ("modelNumber",))
_CATEGORY: Path = ("category", "code")


def _not_plain(column: Column, path: Path, leaf: _Leaf | None, invalid: frozenset[str]) -> list[int]:
    """The indexes of cells that may not be plain; empty cells are plain."""
    if _are_plain(column, path, leaf, invalid):
        return []
    return [index for index, cell in enumerate(column) if not _are_plain((cell,), path, leaf, invalid)]


def _are_plain(column: Column, path: Path, leaf: _Leaf | None, invalid: frozenset[str]) -> bool:
    if leaf is None:
        return not any(column)
    if leaf.is_number:
        return all(map(_NUMBER.fullmatch, filter(None, column)))
    text = "".join(column)
    if not text.isprintable() or '"' in text or "\\" in text or max(map(len, column)) > leaf.max_length:
        return False
    if "#" in text and not invalid.isdisjoint(column):
        return False
    if path[0] == _ATTRIBUTES:
        if ("TRUE" in text or "FALSE" in text) and not _FLAGS.isdisjoint(column):
            return False
        return all(_NUMBER.fullmatch(cell) for cell in column if cell[:1] in _MAY_BE_JSON)
    return leaf.is_valid is None or all(map(leaf.is_valid, filter(None, set(column))))


def _encode_attribute(cell: str) -> str:
    """The JSON of an attribute: a number or a text."""
    return cell if not cell or (cell[0] in _MAY_BE_JSON and _NUMBER.fullmatch(cell)) else f'"{cell}"'


def _leaf(path: Path) -> _Leaf | None:
    """None for a path whose cells are never plain."""
    if path[0] == _ATTRIBUTES:
        is_plain_name = len(path) == 2 and _ATTRIBUTE_NAME.fullmatch(path[1])
        return _Leaf(MAX_ATTRIBUTES_BYTES, None) if is_plain_name else None
    if path[0] == "dimensions":
        return _Leaf(0, None, is_number=True) if path[2] == "value" else _Leaf(3, DIMENSION_UNITS[path[1]].__contains__)
    kind: inspect.Type = _CONTENT
    rule = None
    for name in path:
        assert isinstance(kind, inspect.StructType)
        kind, rule = _unwrap(next(field.type for field in kind.fields if field.encode_name == name))
    if not isinstance(kind, inspect.StrType):
        return None
    return _Leaf(kind.max_length or MAX_ATTRIBUTES_BYTES, _VALIDATORS[rule])


def _unwrap(kind: inspect.Type) -> tuple[inspect.Type, str | None]:
    """(the type without its metadata and null, its rule)."""
    if isinstance(kind, inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.Metadata):
        return kind.type, (kind.extra or {}).get("rule")
    return kind, None


def _validator(rule: Callable[[str], str | None]) -> Callable[[str], bool]:
    return lambda text: rule(text) is None


_CONTENT = inspect.type_info(Content)
_VALIDATORS: dict[str | None, Callable[[str], bool] | None] = {
    name: _validator(rule) for name, rule in TEXT_RULES.items()
}
# These rules only require printable text, which is checked before.
_VALIDATORS |= {None: None, "line": None}


def _template_of(non_empty: Sequence[tuple[int, Path]], leaves: Sequence[_Leaf | None]) -> _Template | None:
    """None if a part is incomplete, such as a measure without its unit: `plan_row` reports it."""
    tree: dict[str, Any] = {}
    for index, path in non_empty:
        if leaves[index] is None:
            return None
        part = tree
        for name in path[:-1]:
            part = part.setdefault(name, {})
        part[path[-1]] = index
    if not _is_complete(tree, _CONTENT) or len(tree.get(_ATTRIBUTES, ())) > MAX_ATTRIBUTES:
        return None
    order: list[int] = []
    return _Template(_json_of(tree, leaves, order), tuple(order))


def _is_complete(part: dict[str, Any], kind: inspect.Type) -> bool:
    if not isinstance(kind, inspect.StructType):
        return True
    if any(field.required and field.encode_name not in part for field in kind.fields):
        return False
    inner = ((part.get(field.encode_name), field) for field in kind.fields)
    return all(_is_complete(members, _unwrap(field.type)[0]) for members, field in inner if isinstance(members, dict))


def _json_of(part: dict[str, Any], leaves: Sequence[_Leaf | None], order: list[int], parent: str = "") -> str:
    """The format string; names are sorted (RFC 8785), and being ASCII have the same order in UTF-16."""
    members = []
    for name, value in sorted(part.items()):
        if isinstance(value, dict):
            placeholder = _json_of(value, leaves, order, parent=name)
        else:
            order.append(value)
            leaf = leaves[value]
            # Attributes already have quotation marks.
            is_quoted = parent == _ATTRIBUTES or (leaf is not None and leaf.is_number)
            placeholder = "%s" if is_quoted else '"%s"'
        members.append(f'"{name}":{placeholder}')
    return "{" + ",".join(members) + "}"
