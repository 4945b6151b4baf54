"""Imports a file and shows its progress."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from linkxg_client.calls.imports import format_of
from linkxg_client.client import LinkXG
from linkxg_client.command.output import errors
from linkxg_client.models.imports import ImportJob


def import_file(
    client: LinkXG,
    file: Path,
    *,
    mode: Literal["upsert", "create", "update"],
    publish: bool,
    dry_run: bool,
    rejected: Path | None,
) -> ImportJob:
    """The job when it has ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeRemainingColumn(), console=errors, disable=not errors.is_terminal) as progress:
        bar = progress.add_task("Sending", total=None)

        def sent(done: int, size: int) -> None:
            progress.update(bar, completed=done, total=size)

        def processed(job: ImportJob) -> None:
            progress.update(bar, description=job.status.capitalize().replace("_", " "), total=job.bytes_total or None)
            progress.update(bar, completed=job.bytes_processed)

        started = client.imports.start(file, mode=mode, publish=publish, dry_run=dry_run, on_sent=sent)
        job = client.imports.wait(started, processed)
    if rejected is not None and job.failed:
        rejected.write_bytes(client.imports.rejected_rows(job.id, format_of(file)))
    return job
