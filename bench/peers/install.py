"""Installs a peer at its exact versions into `.venv/peers`, which `make clean` removes.

The folder is copied there, so that files of package managers stay out of the sources.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.peers import Peer

INSTALLED = Path(sys.prefix) / "peers"


class Absent(Exception):
    """The peer cannot be installed on this machine; the message says why."""


def install(peer: Peer) -> Path:
    """The folder of the installed peer. Raises Absent."""
    for program in peer.needs:
        if shutil.which(program) is None:
            raise Absent(f"{program} is missing")
    there, stamp = INSTALLED / peer.folder.name, INSTALLED / f"{peer.folder.name}.installed"
    version = _digest(peer.folder)
    if stamp.exists() and stamp.read_text() == version:
        return there
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(peer.folder, there)
    try:
        if (there / "package.json").exists():
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"], there)
        else:
            _run([sys.executable, "-m", "venv", "venv"], there)
            pip = ["venv/bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
            _run([*pip, "--require-hashes", "-r", "requirements.txt"], there)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Absent(f"cannot be installed: {error}") from error
    stamp.write_text(version)
    return there


def version_of(peer: Peer) -> str:
    """The pinned version."""
    name = peer.folder.name
    package = peer.folder / "package.json"
    lines = (package if package.exists() else peer.folder / "requirements.in").read_text().splitlines()
    wanted = "oidc-provider" if package.exists() else name
    line = next(line for line in lines if line.strip(' "').startswith(wanted))
    return line.rpartition(":" if package.exists() else "==")[2].strip(' ",')


def environment(there: Path) -> dict[str, str]:
    """The search path with the peer's own programs first."""
    path = f"{there / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path}


def _digest(folder: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        content.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return content.hexdigest()


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
