"""node-oidc-provider as a process, installed from npm at its pinned versions outside of the sources."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from joserfc.jwk import ECKey, Key, RSAKey

from harness.openid_provider import CLIENT_ID
from harness.processes import Process, free_port

SOURCES = Path(__file__).parents[1] / "node_provider"
INSTALLED = Path(sys.prefix) / "node-provider"


class Absent(Exception):
    """It cannot be installed on this machine; the message says why."""


def install() -> Path:
    """The folder with the provider and its packages. Raises Absent."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Absent("node and npm are not installed")
    files = sorted(path for path in SOURCES.iterdir() if path.is_file())
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    there = INSTALLED / version[:16]
    if (there / "complete").exists():
        return there
    # Another process of the same run may install it at the same time.
    making = INSTALLED / secrets.token_hex(8)
    shutil.copytree(SOURCES, making)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]
    try:
        subprocess.run(command, cwd=making, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(making, ignore_errors=True)
        raise Absent(f"npm cannot install node-oidc-provider: {type(error).__name__}") from error
    (making / "complete").touch()
    try:
        making.rename(there)
    except OSError:
        shutil.rmtree(making, ignore_errors=True)
    return there


class NodeProvider:
    """The provider of one client, whose redirect and logout URIs are those of an account."""

    def __init__(self, directory: Path, certificate: Path, key: Path, redirect_uri: str, logout_uri: str) -> None:
        self.port = free_port()
        self.issuer = f"https://127.0.0.1:{self.port}"
        self.client_secret = secrets.token_urlsafe(32)
        keys: list[Key] = [RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"}),
                ECKey.generate_key("P-256", {"kid": "ec", "alg": "ES256", "use": "sig"})]  # fmt: skip
        self._environment = {
            "PATH": os.environ["PATH"],
            "PORT": str(self.port),
            "CERTIFICATE": str(certificate),
            "KEY": str(key),
            "CLIENT_ID": CLIENT_ID,
            "CLIENT_SECRET": self.client_secret,
            "REDIRECT_URI": redirect_uri,
            "LOGOUT_URI": logout_uri,
            "JWKS": json.dumps({"keys": [one.as_dict(private=True) for one in keys]}),
        }
        self._directory = directory
        self._process: Process | None = None

    def start(self) -> NodeProvider:
        there = install()
        self._process = Process(
            "node-oidc-provider",
            ["node", "provider.mjs"],
            environment=self._environment,
            transcript=self._directory / "node-provider.log",
            working_directory=there,
        )
        self._process.wait_for(lambda line: line == "listening", count=1, timeout=60.0)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
