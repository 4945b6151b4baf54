"""Work beside the process of jobs: every request has its answer, and a process that dies is noticed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from linkxg.jobs.side_process import SideProcess, SideProcessDied

_ENDS = """
import os, signal
from linkxg.jobs.side_process import SideProcess
process = SideProcess(lambda request: request)
process.ask(b"")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_each_request_has_its_answer_in_another_process() -> None:
    process = SideProcess(lambda request: b"%d %b" % (os.getpid(), request[::-1]))
    try:
        for request in (b"", b"abc", b"\0" * 3_000_000):
            pid, _, answer = bytes(process.ask(request)).partition(b" ")
            assert answer == request[::-1]
            assert int(pid) != os.getpid()
    finally:
        process.close()


def test_the_death_of_the_process_is_an_error_of_whoever_asks() -> None:
    process = SideProcess(lambda request: os._exit(9))
    try:
        with pytest.raises(SideProcessDied):
            process.ask(b"x")
    finally:
        process.close()


def test_a_fault_in_the_work_ends_the_process() -> None:
    def fail(request: bytes) -> bytes:
        raise ValueError(request)

    process = SideProcess(fail)
    try:
        with pytest.raises(SideProcessDied):
            process.ask(b"x")
    finally:
        process.close()


def test_it_ends_with_the_process_that_made_it_and_holds_none_of_its_pipes() -> None:
    # The pipe ends only when no process has it open any more.
    done = subprocess.run([sys.executable, "-c", _ENDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == -9
