"""Pins the packages of the peers again, with hashes and without addresses. Run as `python -m bench.peers.pin`."""

import json
import subprocess
from pathlib import Path

from bench.peers import PEERS

_UV = ("uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes",
       "--no-emit-index-url", "--no-header", "requirements.in", "-o", "requirements.txt")  # fmt: skip
_NPM = ("npm", "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund")


def main() -> None:
    for folder in sorted({peer.folder for peer in PEERS}):
        lock = folder / "package-lock.json"
        if (folder / "package.json").exists():
            lock.unlink(missing_ok=True)
            subprocess.run(_NPM, cwd=folder, check=True)
            _without_funding(lock)
        else:
            subprocess.run(_UV, cwd=folder, check=True)


def _without_funding(lock: Path) -> None:
    """Remove the funding addresses of packages, which an installation does not need."""
    locked = json.loads(lock.read_text())
    for package in locked["packages"].values():
        package.pop("funding", None)
    lock.write_text(json.dumps(locked, indent=2) + "\n")


if __name__ == "__main__":
    main()
