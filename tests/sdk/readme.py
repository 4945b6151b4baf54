"""Runs the snippets of the README of the client library, in their order and as they stand."""

from __future__ import annotations

import os
import sys

from api.page import fences
from architecture.program import ROOT

README = ROOT / "sdk" / "python" / "README.md"


def snippets(language: str) -> list[tuple[str, str]]:
    """(heading, text) of every block in this language."""
    return [(heading, text) for heading, found, text in fences(README) if found == language]


def script(given: str) -> str:
    """All Python snippets as one program that begins with `given`; each says its heading first."""
    parts = [f"print('# {heading}')\n{text}" for heading, text in snippets("python")]
    return "\n\n".join([given, *parts])


def commands() -> list[str]:
    return [line for _, text in snippets("bash") for line in text.splitlines() if line.startswith("linkxg-client ")]


def environment(**settings: str) -> dict[str, str]:
    """This process's, with the commands of its interpreter first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINKXG_")}
    return kept | {"PATH": os.path.dirname(sys.executable) + os.pathsep + kept.get("PATH", "")} | settings
