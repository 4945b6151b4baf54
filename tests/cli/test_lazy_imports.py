"""A command imports only what it uses, so that it starts fast."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LARGE = ("sqlalchemy", "litestar", "cryptography", "joserfc", "rich.console", "asyncio")
SCRIPT = f"""
import sys
from linkxg.cli import main
try:
    main()
finally:
    sys.stderr.write(" ".join(name for name in {LARGE!r} if name in sys.modules))
"""


@pytest.mark.parametrize("arguments", [["version"], ["keys", "list"]], ids=" ".join)
def test_a_command_without_a_database_imports_no_database_library(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, cwd=tmp_path, timeout=60)
    if arguments == ["version"]:
        assert (done.returncode, done.stderr) == (0, b"")
    else:
        assert done.stderr.decode().splitlines() == [
            "linkxg: data/keys.json does not exist: linkxg serve creates it at the first start. "
            "If it is lost, run linkxg keys replace"
        ]
