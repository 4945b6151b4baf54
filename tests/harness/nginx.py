"""The repository's nginx in front of nodes under test."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from harness.processes import Process, free_port

ABSENT = "there is no nginx here: install the package 'nginx-light'"
CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
LISTEN_TIMEOUT_S = 10.0
HTTP2_BY_ITSELF = (1, 25, 1)
"""From this version on `http2` is a directive; before, it was a word of `listen`."""


def binary() -> str | None:
    """The program to run, or None. Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class Nginx:
    """The configuration of `deploy/` with other addresses and paths, and nothing else changed."""

    def __init__(self, directory: Path, certificate: Path, key: Path) -> None:
        program = binary()
        assert program is not None, ABSENT
        self._program, self._directory = program, directory
        self._certificate, self._key = certificate, key
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.plain_url = f"http://127.0.0.1:{self.plain_port}"
        self.log = directory / "nginx.log"
        self._file = directory / "nginx.conf"
        self._process: Process | None = None

    def configure(self, nodes: Sequence[int]) -> Nginx:
        """Write the file for nodes on these ports."""
        wanted = {
            "listen 80 ": f"listen 127.0.0.1:{self.plain_port} ",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/etc/nginx/tls/fullchain.pem": str(self._certificate),
            "/etc/nginx/tls/privkey.pem": str(self._key),
            " /tmp/nginx": f" {self._directory}/nginx",
        }
        wanted |= {f"node{number}:8000": f"127.0.0.1:{port}" for number, port in enumerate(nodes, 1)}
        if self._version() >= HTTP2_BY_ITSELF:
            wanted |= {" ssl http2 default_server;": " ssl default_server;\n        http2 on;"}
        text = CONFIGURATION.read_text()
        for given, here in wanted.items():
            assert given in text, given
            text = text.replace(given, here)
        self._file.write_text(text)
        return self

    def _version(self) -> tuple[int, ...]:
        version = subprocess.run([self._program, "-v"], capture_output=True, check=True, timeout=30).stderr.decode()
        found = re.search(r"nginx/([\d.]+)", version)
        assert found is not None, version
        return tuple(map(int, found[1].split(".")))

    def check(self) -> tuple[int, str]:
        """(exit code, what it says) of nginx's own look at the file."""
        done = subprocess.run([self._program, "-t", "-c", self._file], capture_output=True, check=False, timeout=30)
        return done.returncode, done.stderr.decode()

    def start(self) -> Nginx:
        """Serve, and return when both listeners take connections."""
        command: list[str | Path] = [self._program, "-c", self._file, "-g", "daemon off;"]
        self._process = Process("nginx", command, transcript=self.log)
        deadline = time.monotonic() + LISTEN_TIMEOUT_S
        for port in (self.port, self.plain_port):
            while True:
                assert self._process.running, self._process.tail()
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=LISTEN_TIMEOUT_S).close()
                except ConnectionRefusedError:
                    assert time.monotonic() < deadline, self._process.tail()
                    time.sleep(0.01)
                else:
                    break
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
