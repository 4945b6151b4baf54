"""Third-party tools that read an OpenAPI document: pinned, installed once per checkout, and started as processes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".venv" / "api-tools"
GENERATOR = "org.openapitools:openapi-generator-cli:7.23.0"
GENERATOR_SHA256 = "cb087e40001e31eb08ef6140dd5de10938dbeb89016a1fe0481eaa25cd569026"
INSTALL_S = 600.0
RUN_S = 300.0
# These programs end before a better compiler or several collectors are worth their processor time.
SHORT_LIVED = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


class Unavailable(Exception):
    """A tool that cannot be had here; the reason is its text."""


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Standard output of a command that succeeds; AssertionError with all that it printed otherwise."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **SHORT_LIVED, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} {command[1:]}: {done.stdout[-6_000:]}\n{done.stderr[-3_000:]}"
    return done.stdout


def need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise Unavailable(f"not on this machine: {', '.join(missing)}")


def npm_tools(of: Path = HERE) -> Path:
    """The `node_modules` with the packages of the `package-lock.json` there."""
    need("node", "npm")
    lock = (of / "package-lock.json").read_bytes()
    folder = CACHE / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(of / name, folder)
        _install(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        (folder / "installed").touch()
    return folder / "node_modules"


def npm_package(name: str, version: str, sha256: str) -> Path:
    """The folder of one package without its dependencies, for those that are published as one bundled file."""
    need("node", "npm")
    folder, archive = CACHE / f"{name}-{version}", CACHE / f"{name}-{version}.tgz"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _install(["npm", "pack", "--silent", f"{name}@{version}"], CACHE)
        assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256, f"another {name} than the pinned one"
        unpacked = CACHE / f"{name}-{version}.{os.getpid()}"
        with tarfile.open(archive) as packed:
            packed.extractall(unpacked, filter="data")
        # Another process of the tests may have been faster.
        if not folder.exists():
            unpacked.rename(folder)
    return folder / "package"


def generator() -> Path:
    """The jar of openapi-generator."""
    need("java", "mvn")
    jar = CACHE / f"{GENERATOR.split(':')[1]}-{GENERATOR.split(':')[2]}.jar"
    if not jar.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _install(["mvn", "-q", "dependency:copy", f"-Dartifact={GENERATOR}", f"-DoutputDirectory={CACHE}"], CACHE)
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == GENERATOR_SHA256, "another jar than the pinned one"
    return jar


def _install(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=INSTALL_S, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]} could not install: {error}") from error
