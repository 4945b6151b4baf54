"""Whatever runs as long as a worker is a `BackgroundTask`, and the page for operators describes each one."""

from __future__ import annotations

import ast

from api.page import DOCS, tables
from architecture.program import SOURCE, modules

# What ends by itself, or ends the process when it fails.
OTHER_TASKS = {
    "runtime/background.py": "the one loop",
    "runtime/eager_start.py": "the rest of one request",
    "identity/accounts/mail_queue.py": "one mail",
    "identity/federation/providers.py": "one fetch of keys, which several requests wait for",
    "secret_scanning/scanners.py": "one reading of keys, which several requests wait for",
    "identity/client_assertions/issuer_keys.py": "one look at an issuer, which several requests wait for",
    "http/long_answer.py": "one look at the connection of one request",
    "db/standby_check.py": "one look",
    "jobs/run_job.py": "the next batch of one import",
    "jobs/runner.py": "one job, whose process is watched",
    "network/epcis/subscriptions/deliverer.py": "the deliveries of one subscription",
    "server/run.py": "one announcement",
    "server/supervisor.py": "the supervisor's own work: it ends with it, and the workers end with the supervisor",
    "server/worker.py": "the channel to the supervisor, which replaces a worker that falls silent",
    "server/worker_process.py": "the channel to a worker, which is replaced when it falls silent",
}


def _calls(name: str) -> list[tuple[str, ast.Call]]:
    """(file, call) of every call of a function of this name."""
    return [
        (str(module.path.relative_to(SOURCE)), node)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def test_every_worker_loop_is_a_background_task() -> None:
    found = {file for name in ("create_task", "ensure_future") for file, _ in _calls(name)}
    assert found == OTHER_TASKS.keys(), "use runtime.background.BackgroundTask, or say why this task needs none of it"


def test_every_background_task_is_documented() -> None:
    names = {ast.literal_eval(call.args[0]) for _, call in _calls("BackgroundTask")}
    (listed,) = (rows for rows in tables(DOCS / "operations.md") if "while it fails" in rows[0])
    assert {row["task"] for row in listed} == names
