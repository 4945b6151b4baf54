"""The findings of doctor checks."""

from typing import Literal, NamedTuple

Level = Literal["ok", "warning", "problem"]


class Finding(NamedTuple):
    """One row of `linkxg doctor --json`: `says` is the message, `do` the remedy, empty where none is needed."""

    check: str
    level: Level
    says: str
    do: str = ""


def ok(check: str, message: str) -> Finding:
    return Finding(check, "ok", message)


def warning(check: str, message: str, do: str) -> Finding:
    return Finding(check, "warning", message, do)


def problem(check: str, message: str, do: str) -> Finding:
    return Finding(check, "problem", message, do)
