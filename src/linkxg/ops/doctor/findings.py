"""The findings of doctor checks."""

from typing import Literal, NamedTuple

Level = Literal["ok", "warning", "problem"]


class Finding(NamedTuple):
    """`do` is the remedy; empty where none is needed."""

    check: str
    level: Level
    says: str
    do: str = ""


def ok(check: str, says: str) -> Finding:
    return Finding(check, "ok", says)


def warning(check: str, says: str, do: str) -> Finding:
    return Finding(check, "warning", says, do)


def problem(check: str, says: str, do: str) -> Finding:
    return Finding(check, "problem", says, do)
