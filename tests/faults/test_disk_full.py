"""A full disk: what is promised, and the recovery once there is space again. Promises R1, R5 and R19."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from faults.conftest import Crowd, NewWorld
from faults.probe import Probe
from harness.concurrency import ConnectionLost, Load, TruncatedResponse, seconds_until
from harness.databases import SqliteDatabase
from harness.world import World

SIZE = "12m"
Full = Callable[[World], "Iterator[None]"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, if this user may make one."""
    point = tmp_path / "disk"
    point.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(point)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting a small disk needs root; the limit on file sizes stands for it")
    yield point
    subprocess.run(["umount", "--lazy", str(point)], check=True)


def fill(disk: Path) -> Path:
    """Use up what is left, to the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        block = b"\0" * 65536
        while block:
            try:
                stream.write(block)
            except OSError:
                block = block[: len(block) // 2]
    return filler


@contextmanager
def no_more_bytes(world: World) -> Iterator[None]:
    """No process of the server can write to any file."""
    server = psutil.Process(world.server.process.pid)
    processes = [server, *server.children(recursive=True)]
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    for process in processes:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    for process in processes:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)


def refuses_every_write(probe: Probe) -> bool:
    answers = probe.all_at_once(probe.writes())
    return all((answer.status, answer.error) == (503, "temporarily_unavailable") for answer in answers.values())


def reads_as_before(probe: Probe, *, ready: int = 200) -> None:
    """Readiness apart, which is 503 where the file system is known to be full."""
    for name, answer in probe.all_at_once(probe.reads()).items():
        if name == "ready" and ready == 503:
            answer.expect(503, "temporarily_unavailable")
        else:
            answer.expect(200)


def test_r5_writes_are_rejected_while_files_cannot_grow(
    new_world: NewWorld, crowd_of: Callable[[World], Crowd]
) -> None:
    world = new_world("sqlite", workers=2)
    crowd, probe = crowd_of(world), Probe(world)
    crowd.expect_faults(True)
    with Load(crowd.steps()) as load:
        load.wait_for(100)
        with no_more_bytes(world):
            assert refuses_every_write(probe)
            reads_as_before(probe)
            load.wait_for_everybody()
        load.wait_for_everybody()
    crowd.expect_faults(False)
    crowd.settle()


def test_r1_nothing_acknowledged_is_lost_on_a_full_disk(
    small_disk: Path, new_world: NewWorld, crowd_of: Callable[[World], Crowd]
) -> None:
    world = new_world("sqlite", database=SqliteDatabase(small_disk / "linkxg.db"))
    crowd, probe = crowd_of(world), Probe(world)
    reader = Probe(world)
    crowd.expect_faults(True)
    with Load(crowd.steps(), ends=(ConnectionLost, TruncatedResponse)) as load:
        load.wait_for(100)
        filler = fill(small_disk)
        # What the log had room for already is still accepted; then nothing is.
        seconds_until(lambda: refuses_every_write(probe), within=60.0)
        reads_as_before(reader, ready=503)
        load.wait_for_everybody()
        filler.unlink()
        load.wait_for_everybody()
        filler = fill(small_disk)
        load.wait_for_everybody()
        world.server.kill()
    filler.unlink()
    world.server.start()
    crowd.expect_faults(False)
    crowd.settle()
