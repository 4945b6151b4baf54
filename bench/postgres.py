"""Starts a PostgreSQL cluster for a measurement, durable as in production, on the core of the load generator.

The service has the other core to itself, as if the database were another machine; raw statements are sent from the
service's core too.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import LOAD_CORE, free_port, server_process

USER = "postgres"
INSTALLED = Path("/usr/lib/postgresql")


@contextmanager
def cluster(*, cores: str = LOAD_CORE) -> Iterator[str]:
    """The URL of an empty database, deleted afterwards. Raises RuntimeError where PostgreSQL is missing."""
    versions = [path.parent for path in INSTALLED.glob("*/bin/initdb")]
    if not versions:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    programs = max(versions, key=lambda path: float(path.parent.name))
    directory, port = Path(tempfile.mkdtemp(prefix="linkxg-bench-")), free_port()
    try:
        if os.geteuid() == 0:
            entry = pwd.getpwnam(USER)
            os.chown(directory, entry.pw_uid, entry.pw_gid)
        data = str(directory / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-U", USER, "--auth", "trust", "-E", "UTF8", "--locale", "C"]
        subprocess.run([*_as_database_user(), *initdb], check=True, capture_output=True, cwd=directory)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "shared_buffers": "512MB",
            "max_wal_size": "4GB",
            "max_connections": "200",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = ["taskset", "-c", cores, *_as_database_user(), str(programs / "postgres"), "-D", data, *options]
        with server_process(command, port, pinned=False, folder=directory):
            ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            # It listens before it accepts sessions.
            while subprocess.run(ready, check=False).returncode:
                time.sleep(0.05)
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _as_database_user() -> list[str]:
    """The command prefix that drops root's rights: postgres refuses to run with them."""
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.geteuid() == 0 else []
