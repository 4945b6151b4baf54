"""Everything that is installed is pinned by its hash, and no lock file names a download address. Security rule 127."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from architecture.program import ROOT

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
INTEGRITY = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
ADDRESS = re.compile(r"\w+://|--(extra-)?index-url|\bregistry\b", re.IGNORECASE)
PINNED = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("bench/peers/*/requirements.txt")]
NPM = [*ROOT.glob("bench/peers/*/package-lock.json"), *ROOT.glob("tests/*/package-lock.json")]


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_every_requirements_file_has_a_lock_file() -> None:
    assert {file.with_suffix(".txt") for file in ROOT.glob("bench/peers/*/requirements.in")} <= set(PINNED)
    wanted = [*ROOT.glob("bench/peers/*/package.json"), *ROOT.glob("tests/*/package.json")]
    assert {file.with_name("package-lock.json") for file in wanted} == set(NPM)
    assert NPM


@pytest.mark.parametrize("file", [*PINNED, *NPM], ids=name_of)
def test_no_lock_file_names_a_host(file: Path) -> None:
    found = [line for line in file.read_text().splitlines() if ADDRESS.search(line)]
    assert not found, "\n".join([*found, "An address in a lock file is where everybody would have to install from."])


@pytest.mark.parametrize("file", PINNED, ids=name_of)
def test_python_packages_are_pinned_by_hash(file: Path) -> None:
    entries = re.split(r"\n(?=[a-zA-Z0-9])", file.read_text())
    assert [entry for entry in entries if "==" not in entry or not HASH.search(entry)] == []


@pytest.mark.parametrize("file", NPM, ids=name_of)
def test_npm_packages_are_pinned_by_hash(file: Path) -> None:
    packages = json.loads(file.read_text())["packages"]
    wanted = json.loads(file.with_name("package.json").read_text())["dependencies"]
    assert packages[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version
    loose = [path for path, one in packages.items() if path and not INTEGRITY.fullmatch(one.get("integrity", ""))]
    assert loose == []
