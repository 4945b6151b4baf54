"""The wheel installs in empty environments, with the newest and the oldest allowed httpx, and runs its README."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from architecture.program import ROOT
from harness.world import World
from sdk.test_readme import prepare, run_python

pytestmark = pytest.mark.any_engine
PACKAGE = ROOT / "sdk" / "python"
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(directory), str(PACKAGE))
    (found,) = directory.glob("*.whl")
    return found


def pip(interpreter: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [interpreter, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode and re.search(
        r"ConnectionError|NewConnectionError|No matching distribution|Max retries", done.stderr
    ):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_wheel_has_types_and_depends_on_httpx_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert "linkxg_client/py.typed" in names
    assert not [name for name in names if name.startswith("linkxg/")]
    needed = re.findall(r"^Requires-Dist: (\w+)[^;\n]*$", metadata, re.MULTILINE)
    assert needed == ["httpx"]


def test_the_library_imports_nothing_of_the_service() -> None:
    files = (PACKAGE / "src").rglob("*.py")
    found = [path for path in files if re.search(r"^\s*(from|import) linkxg(\.|\s)", path.read_text(), re.MULTILINE)]
    assert not found


@pytest.mark.parametrize("newest", [True, False], ids=["newest", "oldest"])
def test_the_readme_runs_in_an_empty_environment(
    wheel: Path, tmp_path: Path, newest: bool, fresh_world: Callable[..., World]
) -> None:
    dependency = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["dependencies"][0]
    oldest = re.search(r">=([\d.]+)", dependency)
    assert oldest is not None
    venv.create(tmp_path / "venv", with_pip=True)
    interpreter = str(tmp_path / "venv" / "bin" / "python")
    pip(interpreter, "install", "--quiet", f"{wheel}[keys,requests]", *([] if newest else [f"httpx=={oldest[1]}.*"]))
    world = fresh_world()
    printed = run_python(interpreter, world, tmp_path, prepare(world, world.oauth, tmp_path))
    assert "DRL-18V-2 DRAFT Cordless drill 18 V" in printed
    missing = subprocess.run(
        [tmp_path / "venv" / "bin" / "linkxg-client", "whoami"], capture_output=True, text=True, timeout=60, check=False
    )
    assert missing.returncode == 1
    assert "pip install 'linkxg-client[command]'" in missing.stderr
