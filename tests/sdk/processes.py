"""Runs a Python script that uses the client library in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

TIMEOUT_S = 60


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start it; `sys.argv[1:]` are the arguments."""
    return subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", "-c", textwrap.dedent(script), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("LINKXG_")},
    )  # fmt: skip


def finish(process: subprocess.Popen[str], expect: int = 0) -> str:
    """What it has written."""
    try:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    assert process.returncode == expect, output
    return output


def run(script: str, *arguments: str) -> str:
    return finish(start(script, *arguments))
