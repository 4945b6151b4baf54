"""The security rules and promises that tests cite are those of docs/security-rules.md, in one form of citation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from api.page import DOCS, tables
from architecture.program import ROOT

PAGE = DOCS / "security-rules.md"
_ITEM = r"[LRU]?\d{1,3}"
_LIST = rf"{_ITEM}(?:(?:,| and|, and| to) {_ITEM})*"
_TEXT = re.compile(rf"\b(?:[Ss]ecurity rules?|[Pp]romises?)\s+({_LIST})\b")
_CASE = re.compile(rf'\bcase\(\s*"?({_ITEM})"?,')
_CHECK = re.compile(rf'_require\(.*, "({_ITEM})", ')
_NAME = re.compile(r"\bdef test((?:_rules?(?:_and)?(?:_[lru]?\d+)+(?:_and_\d+)?|_[lru]\d+)+)_")
_UNNAMED = re.compile(r"\bdef test_\d\w*")
_BARE = re.compile(rf'\b[Rr]ules? {_ITEM}\b|(?<![\w"+/.-])[LRU]\d{{1,2}}(?![\w"])')


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if path != Path(__file__))


@cache
def _listed() -> frozenset[str]:
    rows = [row for table in tables(PAGE) for row in table]
    numbers = [row.get("rule") or row["promise"] for row in rows]
    assert len(numbers) == len(set(numbers)), "a number occurs twice"
    return frozenset(numbers)


def _numbers(cited: str) -> Iterator[str]:
    """The numbers of a list such as `2, U4 and 42 to 58`."""
    found = [(match[0], cited[: match.start()].endswith(" to ")) for match in re.finditer(_ITEM, cited)]
    for at, (number, ends_range) in enumerate(found):
        letter, digits = number.rstrip("0123456789"), int(number.lstrip("LRU"))
        start = int(found[at - 1][0].lstrip("LRU")) + 1 if ends_range else digits
        yield from (f"{letter}{one}" for one in range(start, digits + 1))


def _cited(path: Path) -> set[str]:
    """What a file cites in its texts, rows of attack tables, checks of responses and names of tests."""
    text = path.read_text()
    lists = _TEXT.findall(text) + _CASE.findall(text) + _CHECK.findall(text)
    names = [number.upper() for name in _NAME.findall(text) for number in re.findall(r"[lru]?\d+", name)]
    return {number for each in lists for number in _numbers(each)} | set(names)


def test_cited_rules_and_promises_are_on_the_page() -> None:
    unknown = [
        f"{path.relative_to(ROOT)} cites {number}"
        for path in _files("tests", "src")
        for number in sorted(_cited(path) - _listed())
    ]
    assert not unknown, "\n".join([*unknown, f"State it in {PAGE.name}, or cite the rule that is meant."])


def test_every_rule_and_promise_is_cited_by_a_test() -> None:
    cited = set().union(*(_cited(path) for path in _files("tests")))
    assert sorted(_listed() - cited) == [], f"{PAGE.name} states what no test says that it protects"


def test_citations_have_one_form() -> None:
    """Otherwise the number says neither which list it belongs to nor where that is: a reader cannot look it up."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in _files("tests", "src")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _BARE.search(_TEXT.sub("", line))
    ]
    assert not wrong, "\n".join([*wrong, "Write «security rule 86», «security rules L1 and 42 to 58», «promise R7»."])


def test_names_of_tests_have_one_form() -> None:
    """A name that begins with a bare number says neither which list it is of, nor is it read as a citation."""
    unnamed = [
        f"{path.relative_to(ROOT)}: {name}" for path in _files("tests") for name in _UNNAMED.findall(path.read_text())
    ]
    assert not unnamed, "\n".join([*unnamed, "Write «test_rule_190_…», or «test_r7_…» for a promise."])


def test_a_list_of_citations_is_read() -> None:
    assert list(_numbers("2, U9 to U11 and 42 to 44")) == ["2", "U9", "U10", "U11", "42", "43", "44"]
