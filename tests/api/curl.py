"""Runs a command of the documentation in a shell and parses what comes back."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from harness.answers import Answer
from harness.client import Client

TIMEOUT_S = 30


def run(command: str, client: Client, scratch: Path, *, reveals: bool | None = None) -> Answer:
    """Run a curl command as it stands in bash, and hold its answer against the rules of every response.

    `reveals`: whether the answer may have a secret; None for any that succeeds.
    """
    head, body = scratch / "head", scratch / "body"
    body.write_bytes(b"")
    typed = command.replace("curl ", f"curl --silent --show-error --noproxy '*' -D {head} -o {body} ", 1)
    done = subprocess.run(["bash", "-c", typed], capture_output=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr.decode()}"
    first, *lines = head.read_text("latin-1").strip().splitlines()
    fields = tuple((name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    method = re.search(r"-X (\w+)", command)
    address = re.search(r"https?://[^/\s]+(/\S*)", command)
    assert address is not None, f"no address in {command}"
    answer = Answer(
        method[1] if method else "GET" if "-d " not in command else "POST",
        address[1],
        int(first.split()[1]),
        fields,
        body.read_bytes(),
    )
    return client.check_answer(answer, reveals=answer.status < 300 if reveals is None else reveals)
