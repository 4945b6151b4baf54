"""Lets a supervisor that is a fork make its workers by forking too.

A worker is a process of its own, a child of its supervisor, with the file descriptors, signal handlers and arguments of
a program that was started: only the seconds of importing are saved. See `harness.preloaded`.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any

WORKER = "linkxg.server.worker"
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""The signals that asyncio handles in a supervisor."""


class ForkingPopen(subprocess.Popen[Any]):
    """Forks where a worker is to be started; starts any other program."""

    def _execute_child(self, args: Any, *rest: Any, **named: Any) -> None:
        command = [sys.executable, "-P", "-m", WORKER]
        if not isinstance(args, Sequence) or list(args[: len(command)]) != command:
            super()._execute_child(args, *rest, **named)  # type: ignore[misc]
            return
        # As subprocess's: executable, preexec_fn, close_fds, pass_fds, cwd, env, …, shell, and then the pipes.
        pass_fds, pipes = rest[3], rest[9:15]
        # Until the child has handlers of its own, a signal to it would wake up its parent's loop.
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        pid = os.fork()
        if pid == 0:
            _become_worker(list(args[len(command) :]), pass_fds, pipes[0])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        self.pid = pid
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def fork_workers() -> None:
    """From now on, in this process."""
    subprocess.Popen = ForkingPopen  # type: ignore[misc]


def _become_worker(arguments: list[str], kept: Collection[int], stdin: int) -> None:
    """Run the worker and end. The frames of the parent stay below, so nothing of its loop is closed twice."""
    code = 1
    try:
        _forget_parent(kept, stdin)
        sys.argv = [WORKER, *arguments]
        import_module(WORKER).main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter does at its end
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _forget_parent(kept: Collection[int], stdin: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    asyncio._set_running_loop(None)
    os.dup2(stdin, 0)
    low = 3
    for number in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(low, number)
        low = number + 1
