"""GS1's own files, with which some tests compare; they are skipped where the files are not at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from architecture.program import ROOT

_SET = os.environ.get("LINKXG_TEST_VECTORS")
_PLACES = [Path(_SET)] if _SET else [parent / "shared" / "vectors" for parent in ROOT.parents]
VECTORS = next((place for place in _PLACES if place.is_dir()), None)
needs_vectors = pytest.mark.skipif(VECTORS is None, reason="the files of GS1 are not at hand")


def vector(path: str) -> Any:
    """The JSON of a file."""
    assert VECTORS is not None
    return json.loads((VECTORS / path).read_text())


def examples() -> list[Path]:
    """The documents that GS1 gives as examples."""
    return [] if VECTORS is None else sorted((VECTORS / "epcis" / "examples").rglob("*.jsonld"))
