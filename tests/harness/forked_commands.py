"""Runs many commands in one process tree: the modules are loaded once, and each command is a fork.

A fork runs `linkxg.cli.main` as the installed command does, with file descriptors, environment and working directory
of its own. Started as `python -m harness.forked_commands` with the commands as JSON on standard input.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypedDict

from harness.server import Server

TIMEOUT_S = 120.0


class Command(TypedDict):
    arguments: list[str]
    environment: dict[str, str]
    directory: str
    stdin: str


# A root that file modes hold for, as they do for every other user; the interpreter may lie where only root may read.
BOUND_BY_MODES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner,-chown")


def run_commands(commands: Sequence[Command], prefix: Sequence[str] = ()) -> list[subprocess.CompletedProcess[bytes]]:
    """Each to its end, one after the other; `prefix` is what the process is started through."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "harness.forked_commands"],
        input=json.dumps(commands).encode(),
        capture_output=True,
        cwd=Path(__file__).parents[1],
        timeout=TIMEOUT_S,
        check=True,
    )
    return [
        subprocess.CompletedProcess(command["arguments"], one["code"], one["out"].encode(), one["err"].encode())
        for command, one in zip(commands, json.loads(done.stdout), strict=True)
    ]


def run_with_settings(
    server: Server, *commands: list[str], **settings: str
) -> list[subprocess.CompletedProcess[bytes]]:
    """Commands with a server's settings, some of them replaced."""
    environment, directory = server.environment | settings, str(server.data_dir.parent)
    return run_commands([
        Command(arguments=one, environment=environment, directory=directory, stdin="") for one in commands
    ])  # fmt: skip


def _run(command: Command) -> Mapping[str, object]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(command["stdin"].encode())
        given.seek(0)
        pid = os.fork()
        if pid == 0:
            for number, file in enumerate((given, out, err)):
                os.dup2(file.fileno(), number)
            os._exit(_code(command))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        err.seek(0)
        return {"code": code, "out": out.read().decode(), "err": err.read().decode()}


def _code(command: Command) -> int:
    """In the fork: what the interpreter makes of the end of the program."""
    try:
        os.environ.clear()
        os.environ.update(command["environment"])
        os.chdir(command["directory"])
        sys.argv = ["linkxg", *command["arguments"]]
        import_module("linkxg.cli").main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def main() -> None:
    cli = import_module("linkxg.cli")
    cli.build()
    for name in ("linkxg.app", "linkxg.ops.doctor.checks", "linkxg.db.postgres", "linkxg.db.sqlite", "uvloop"):
        import_module(name)
    gc.freeze()
    commands: list[Command] = json.load(sys.stdin)
    results = [_run(command) for command in commands]
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
