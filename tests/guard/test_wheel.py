"""The wheel installs in empty environments and runs its README, with the newest and the oldest allowed dependencies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from architecture.program import ROOT
from guard.readme import FRAMEWORKS, check_guarded, started
from harness.world import World

pytestmark = pytest.mark.any_engine
PACKAGE = ROOT / "sdk" / "guard"
TIMEOUT_S = 300
UNREACHABLE = re.compile(r"ConnectionError|ConnectTimeout|NewConnectionError|No matching distribution|Max retries")
EXTRAS = ("django", "fastapi", "litestar")


def pip(*arguments: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", directory, PACKAGE)
    (found,) = directory.glob("*.whl")
    return found


def oldest_dependencies() -> list[str]:
    """Each dependency at the lowest minor version that is allowed."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    allowed = project["dependencies"] + [one for extra in project["optional-dependencies"].values() for one in extra]
    found = [re.fullmatch(r"([\w-]+)>=([\d.]+)", one) for one in allowed]
    return [f"{one[1]}=={one[2]}.*" for one in found if one]


def test_the_wheel_has_types_and_needs_two_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert "linkxg_guard/py.typed" in names
    assert not [name for name in names if name.startswith("linkxg/")]
    assert re.findall(r"^Requires-Dist: (\w+)[^;\n]*$", metadata, re.MULTILINE) == ["cryptography", "httpx"]


def test_the_guard_imports_nothing_of_the_service() -> None:
    imports = re.compile(r"^\s*(from|import) linkxg(\.|\s)", re.MULTILINE)
    assert not [path for path in (PACKAGE / "src").rglob("*.py") if imports.search(path.read_text())]


@pytest.mark.parametrize("newest", [True, False], ids=["newest", "oldest"])
def test_the_readme_runs_in_an_empty_environment(
    wheel: Path, tmp_path: Path, newest: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=os.name != "nt")
    interpreter = tmp_path / "venv" / "bin" / "python"
    # Starlette and uvicorn are of the service, not of the guard.
    needed = [f"{wheel}[{','.join(EXTRAS)}]", "starlette", "uvicorn", *([] if newest else oldest_dependencies())]
    pip("--python", interpreter, "install", "--quiet", *needed)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for name in FRAMEWORKS:
        with started(name, world, tmp_path, interpreter) as service:
            check_guarded(world, service)
