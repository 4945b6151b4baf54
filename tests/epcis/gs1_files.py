"""GS1's own files, with which some tests compare; they are skipped where the files are not at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from epcis.vectors import FOLDER

needs_vectors = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published examples are not here")


def vector(path: str) -> Any:
    """The JSON of a file."""
    return json.loads((FOLDER / path).read_text())


def examples() -> list[Path]:
    """The documents that GS1 gives as examples."""
    return sorted((FOLDER / "epcis" / "examples").rglob("*.jsonld"))
