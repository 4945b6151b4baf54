"""The commands of docs/operations.md, run as root on a Debian machine, leave a service that answers behind nginx."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.program import ROOT
from harness import nginx
from harness.processes import Process, free_port
from harness.tls import self_signed

SCRATCH = "mount -t overlay overlay -o lowerdir=/,upperdir={0}/upper,workdir={0}/work {0}/root"
# Packages come over the network, and there is no systemd: the test puts the program where pip would, and runs the unit.
STUBS = {
    "apt-get": "exit 0",
    "systemctl": 'echo "$@" >> /var/systemctl.log',
    "python3": 'mkdir -p "$3/bin" && printf "#!/bin/sh\\nexit 0\\n" > "$3/bin/pip" && chmod 755 "$3/bin/pip" && '
    'printf "#!/bin/sh\\nexec {python} -m linkxg \\"\\$@\\"\\n" > "$3/bin/linkxg" && chmod 755 "$3/bin/linkxg"',
}


def section() -> str:
    page = (ROOT / "docs" / "operations.md").read_text()
    return page[page.index("## Installing\n") : page.index("In containers:")]


def script() -> str:
    return "\n".join(re.findall(r"^```\n(.*?)^```$", section(), re.DOTALL | re.MULTILINE))


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for an overlay over this machine, which a namespace of its own mounts: nothing here is changed."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or nginx.binary() is None:
        pytest.skip("needs root on Debian, and nginx")
    directory = tmp_path_factory.mktemp("machine")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def machine(scratch: Path, commands: str) -> list[str]:
    """A shell in a mount namespace whose root is an overlay over this machine's."""
    mounts = "\n".join([
        "set -e",
        f"mount -t tmpfs tmpfs {scratch}",
        f"mkdir {scratch}/upper {scratch}/work {scratch}/root",
        SCRATCH.format(scratch),
        f"mount --rbind /proc {scratch}/root/proc",
        f"mount --rbind /dev {scratch}/root/dev",
        f"exec chroot {scratch}/root sh -ec '. /dev/fd/3' 3<<'COMMANDS'",
        commands,
        "COMMANDS",
    ])  # fmt: skip
    return ["unshare", "--mount", "sh", "-c", mounts]


def test_the_page_sets_up_a_machine_whose_service_answers(scratch: Path) -> None:
    probe = subprocess.run(machine(scratch, "true"), capture_output=True, check=False, timeout=60)
    if probe.returncode != 0:
        pytest.skip(f"no overlay in a namespace here: {probe.stderr.decode()}")
    certificate, key = self_signed(scratch)
    port, https, plain = free_port(), free_port(), free_port()
    unit = (ROOT / "deploy" / "linkxg.service").read_text()
    start = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert start is not None
    stubs = "\n".join(
        f"cat > /stubs/{name} <<'STUB'\n#!/bin/sh\n{text.replace('{python}', sys.executable)}\nSTUB\n"
        f"chmod 755 /stubs/{name}"
        for name, text in STUBS.items()
    )
    served = start[1].replace("--port 8000", f"--port {port}").replace("--workers 2", "--workers 1")
    steps = script()
    bootstrap = "--owner-email ada@acme.example --password-stdin"
    assert bootstrap in steps
    steps = steps.replace(bootstrap, f"{bootstrap} <<'PASSWORD'\na long enough passphrase\nPASSWORD")
    commands = "\n".join([
        f"cd {ROOT}",
        "mkdir /stubs",
        stubs,
        # What another user runs must be readable there.
        f"for place in /root {' '.join(str(parent) for parent in ROOT.parents)} {ROOT}; do chmod a+rx $place; done",
        "mkdir -p /etc/nginx/tls",
        f"cat > /etc/nginx/tls/fullchain.pem <<'PEM'\n{certificate.read_text()}PEM",
        f"cat > /etc/nginx/tls/privkey.pem <<'PEM'\n{key.read_text()}PEM",
        f"export PYTHONPATH={ROOT}/src PYTHONDONTWRITEBYTECODE=1",
        "PATH=/stubs:$PATH",
        steps.replace("nginx -t\n", "nginx -t\necho nginx-is-content\n"),
        "test $(stat -c %U:%a /var/lib/linkxg/keys.json) = linkxg:600",
        "test $(stat -c %U:%a /var/lib/linkxg/linkxg.db) = linkxg:600",
        "test $(stat -c %U:%a /etc/linkxg/linkxg.env) = root:600",
        "grep -qx 'enable --now linkxg' /var/systemctl.log",
        "grep -q LogRateLimitIntervalSec=0 /etc/systemd/system/linkxg.service",
        "grep -q SystemMaxUse /etc/systemd/journald.conf.d/linkxg.conf",
        # What systemd does with the unit, on ports of the test.
        "set -a; . /etc/linkxg/linkxg.env; set +a",
        f"runuser -u linkxg -- {served} &",
        f"sed -i -e 's/127.0.0.1:8000/127.0.0.1:{port}/' -e 's/listen 443/listen 127.0.0.1:{https}/' "
        f"-e 's/listen 80 /listen 127.0.0.1:{plain} /' /etc/nginx/nginx.conf",
        "nginx",
        f"curl --silent --show-error --retry 60 --retry-delay 1 --retry-all-errors --fail --insecure "
        f"https://127.0.0.1:{https}/healthz",
        "grep -q /healthz /var/log/nginx/access.log",
        "grep -q '/var/log/nginx/\\*.log' /etc/logrotate.d/nginx",
        "echo; echo the-page-works",
        "nginx -s stop; kill %1; wait || true",
    ])  # fmt: skip
    process = Process("machine", machine(scratch, commands))
    try:
        process.wait_for(lambda line: line == "the-page-works", timeout=120.0)
        lines = process.lines()
        assert "nginx-is-content" in lines
        assert '{"status":"ok"}' in lines
        assert not [line for line in lines if "[warn]" in line or "Traceback" in line], lines
    finally:
        process.kill()
