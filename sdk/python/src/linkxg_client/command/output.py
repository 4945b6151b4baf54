"""Results for people and, with `--json`, for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linkxg_client.decode import camel

errors = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(as_json(value), ensure_ascii=False, indent=2) + "\n")


def as_json(value: Any) -> Any:
    """A record with the names that it has in the API."""
    if is_dataclass(value) and not isinstance(value, type):
        return {camel(name): member for name, member in as_json(asdict(value)).items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): as_json(member) for name, member in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        # What the service answers is text, not markup.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(highlight=False).print(table)


def print_pairs(pairs: Mapping[str, object]) -> None:
    print_table(["", ""], list(pairs.items()))
