"""The programs that read the files of `deploy/` find no fault in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.program import ROOT

DEPLOY = ROOT / "deploy"
EXPOSED = 20
"""Of systemd's score in tenths: 15 when this was written, 96 without the unit's hardening."""


def run(*command: str | Path, folder: Path = DEPLOY) -> str:
    """Everything that it says; it has to be content."""
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, check=False, timeout=60)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def test_the_compose_file_matches_the_specification() -> None:
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def composers() -> list[list[str]]:
    """Compose in its second version, as a plugin or by itself; neither needs an engine for this."""
    found = []
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is not None:
            result = subprocess.run([*command, "version", "--short"], capture_output=True, check=False, timeout=60)
            if result.returncode == 0 and not result.stdout.startswith(b"1."):
                found.append(command)
    return found


def test_docker_compose_accepts_the_compose_file(tmp_path: Path) -> None:
    if not composers():
        pytest.skip("there is no Docker Compose here")
    place = Path(shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets", "tls")))
    run("sh", "secrets.sh", "https://api.acme.example", folder=place)
    said = run(*composers()[0], "-f", "compose.yaml", "config", folder=place)
    assert "level=warning" not in said
    assert "LINKXG_DATABASE_URL: postgresql://linkxg:" in said, "the settings of secrets.sh are those of the nodes"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, of a program that is here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here: install the package 'systemd'")
    text = (DEPLOY / "linkxg.service").read_text()
    assert "ExecStart=/opt/linkxg/venv/bin/linkxg serve" in text
    file = tmp_path / "linkxg.service"
    file.write_text(text.replace("/opt/linkxg/venv/bin/linkxg", "/bin/true"))
    return file


def test_systemd_accepts_every_directive_of_the_unit(unit: Path) -> None:
    """What it does not know it leaves out, with a warning and success."""
    assert run("systemd-analyze", "verify", "--man=no", unit) == ""


def test_the_unit_is_sandboxed(unit: Path) -> None:
    run("systemd-analyze", "security", "--no-pager", "--offline=yes", f"--threshold={EXPOSED}", unit)


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_the_shell_parses_every_script(script: Path) -> None:
    run("sh", "-n", script)
