"""Imports a file and shows its progress."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Literal

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from linkxg_client.calls.imports import format_of
from linkxg_client.client import LinkXG
from linkxg_client.command.output import errors
from linkxg_client.models.imports import ImportJob, RowError

SHOWN = 5
"""Errors of a file: who corrects more asks for the rejected rows."""


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


def first_errors(client: LinkXG, job: ImportJob) -> list[RowError]:
    return list(islice(client.imports.errors(job.id, limit=SHOWN), SHOWN)) if job.failed else []


def print_rejected(job: ImportJob, reasons: list[RowError], rejected: Path | None) -> None:
    """Why rows were rejected, as far as `reasons` goes, and where the rejected rows are."""
    if not job.failed:
        return
    for one in reasons:
        errors.print(_printable(f"Row {one.row}, {one.field or one.key}: {one.message}"), markup=False, soft_wrap=True)
    others = job.failed - len({one.row for one in reasons})
    if others > 0:
        errors.print(f"… and {others} more rejected row{'s' if others > 1 else ''}.")
    if rejected is not None:
        hint = f"The rejected rows are in {rejected}: correct them and import that file."
    else:
        hint = "Repeat the import with --rejected FILE to get the rejected rows as a file, and correct them there."
    errors.print(hint, markup=False, soft_wrap=True)


def _printable(text: str) -> str:
    """Names of columns come from the file: a terminal takes no orders from it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
