"""`/imports`: uploads files, shows the progress and results of imports, and returns rejected rows."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from linkxg.catalog.product_imports.apply_dry_run import apply_dry_run, find_applied_import, may_apply
from linkxg.catalog.product_imports.model import RESOURCE, Options
from linkxg.catalog.product_imports.read_body import MEDIA_TYPES, format_of
from linkxg.catalog.product_imports.rejected_rows import media_type_of, rejected_rows_file
from linkxg.catalog.product_imports.start_import import start_import
from linkxg.catalog.product_imports.template import template
from linkxg.catalog.product_imports.view_import import view_import
from linkxg.console.form_errors import FormErrors, whole_form
from linkxg.console.guard import PageRequest
from linkxg.console.pages import SECURITY_HEADERS, redirect, render
from linkxg.errors import InvalidState, PayloadTooLarge, RateLimitExceeded, ValidationFailed
from linkxg.http.authorised_stream import authorised_stream
from linkxg.http.permissions import session_roles
from linkxg.ids import is_uuid
from linkxg.jobs.charsets import declared_charset
from linkxg.jobs.manage_job import cancel_job, retry_job
from linkxg.jobs.model import MAX_UPLOAD, OPEN, JobError, JobRow
from linkxg.jobs.read_job import list_jobs, list_row_errors, may_retry, read_job

LIST = "/imports"
IMPORT = f"{LIST}/{{import_id:str}}"
WRITERS = ("OWNER", "ADMIN", "MEMBER")
SHOWN_JOBS, SHOWN_ERRORS = 25, 50
_FIELDS = {"mode": "mode", "key": "key", "on_error": "onError", "empty_as": "emptyAs"}
_FLAGS = {"dry_run": "dryRun", "publish": "publish"}
_CHARSETS = ("utf-8", "windows-1252")
_FORM_BYTES = 64 * 1024


@get(LIST, **session_roles(WRITERS))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    return await _list(page)


@post(LIST, upload=MAX_UPLOAD + _FORM_BYTES, **session_roles(WRITERS))
async def start(page: NamedDependency[PageRequest]) -> Response[str]:
    assert page.upload is not None
    choices = {name: page.form.text(field) for name, field in _FIELDS.items() if page.form.text(field)}
    try:
        options = msgspec.convert(
            choices | {"format": format_of(page.upload.file_name)} | _flags(page),
            Options,
        )
        started = await start_import(
            page.database, page.actor, page.account_id, options, page.upload.content(),
            file_name=page.upload.file_name, charset=_charset(page, page.upload.file_type),
        )  # fmt: skip
    except msgspec.ValidationError:
        return await _list(page, error="Choose the options from the lists.", status=422)
    except ValidationFailed as error:
        faults = [_fault_text(one) for one in error.details or []] or [error.description]
        return await _list(page, faults=faults, status=422)
    except (PayloadTooLarge, RateLimitExceeded) as error:
        message = "The file is larger than 100 MB." if isinstance(error, PayloadTooLarge) else error.description
        return await _list(page, error=message, status=error.status)
    page.services.wake_imports()
    return redirect(page, f"{LIST}/{started.value.id}")


@get(f"{LIST}/template", **session_roles(WRITERS))
async def show_template() -> Response[bytes]:
    return Response(template("csv"), media_type=MEDIA_TYPES["csv"], headers=_as_file("products.csv"))


@get(IMPORT, **session_roles(WRITERS))
async def show(page: NamedDependency[PageRequest], import_id: FromPath[str]) -> Response[str]:
    return await _show(page, import_id)


@get(f"{IMPORT}/failed-rows", **session_roles(WRITERS))
async def failed(page: NamedDependency[PageRequest], import_id: FromPath[str]) -> Stream:
    job = await read_job(page.database, page.account_id, import_id, RESOURCE)
    name = "failed-rows.csv" if job.format == "csv" else "failed-rows.ndjson"
    headers = {"Content-Type": media_type_of(job), **_as_file(name)}
    rows = authorised_stream(page.context, rejected_rows_file(page.database, page.account_id, job))
    return Stream(rows, headers=headers)


@post(f"{IMPORT}/cancel", **session_roles(WRITERS))
async def cancel(page: NamedDependency[PageRequest], import_id: FromPath[str]) -> Response[str]:
    try:
        await cancel_job(page.database, page.actor, page.account_id, import_id, RESOURCE)
    except InvalidState as error:
        return await _show(page, import_id, error=error.description, status=error.status)
    return redirect(page, f"{LIST}/{import_id}", done="import-cancelled")


@post(f"{IMPORT}/retry", **session_roles(WRITERS))
async def retry(page: NamedDependency[PageRequest], import_id: FromPath[str]) -> Response[str]:
    try:
        job, _ = await retry_job(page.database, page.actor, page.account_id, import_id, RESOURCE)
    except (InvalidState, RateLimitExceeded) as error:
        return await _show(page, import_id, error=error.description, status=error.status)
    page.services.wake_imports()
    return redirect(page, f"{LIST}/{job.id}", done="import-again")


@post(f"{IMPORT}/apply", **session_roles(WRITERS))
async def apply(page: NamedDependency[PageRequest], import_id: FromPath[str]) -> Response[str]:
    key = page.form.idempotency_key
    dry_run = await read_job(page.database, page.account_id, import_id, RESOURCE)
    if dry_run.dry_run and (applied := await find_applied_import(page.database, page.account_id, dry_run)):
        # Another window did it.
        return redirect(page, f"{LIST}/{applied.id}")
    try:
        job, _ = await apply_dry_run(page.database, page.actor, page.account_id, import_id, key)
    except (InvalidState, RateLimitExceeded) as error:
        return await _show(page, import_id, error=error.description, status=error.status)
    page.services.wake_imports()
    return redirect(page, f"{LIST}/{job.id}")


HANDLERS = (listing, start, show_template, show, failed, cancel, retry, apply)


def _fault_text(fault: Mapping[str, str]) -> str:
    """The message, after the name of the field unless that is the file."""
    text = fault["message"] if fault["field"] == "file" else f"{fault['field']}: {fault['message']}"
    return f"{text} Here, declare it in the list Encoding." if fault["code"] == "encoding" else text


def _flags(page: PageRequest) -> dict[str, bool]:
    """A file to be published is checked by a dry run first, whose page shows the counts and asks."""
    flags = {name: page.form.text(field) == "true" for name, field in _FLAGS.items()}
    return flags | {"dry_run": flags["dry_run"] or flags["publish"]}


def _charset(page: PageRequest, file_type: str) -> str | None:
    """The chosen encoding; with UTF-8, the default, one that the browser declares has precedence."""
    chosen = page.form.text("charset") or _CHARSETS[0]
    if chosen not in _CHARSETS:
        raise msgspec.ValidationError
    return declared_charset(file_type) if chosen == _CHARSETS[0] else chosen


def _choices_of(job: JobRow) -> dict[str, str]:
    """The options of an import as values of the upload form; publishing implies a dry run."""
    chosen = {field: getattr(job, name) for name, field in _FIELDS.items()}
    return chosen | {"publish": "true" if job.publish else "", "dryRun": "true" if job.dry_run > job.publish else ""}


async def _list(
    page: PageRequest,
    *,
    error: str | None = None,
    faults: list[str] | None = None,
    status: int = 200,
) -> Response[str]:
    before = page.query.text("before") if is_uuid(page.query.text("before")) else None
    after = None if before is None else [before]
    found, following = await list_jobs(page.database, page.account_id, RESOURCE, after=after, limit=SHOWN_JOBS)
    return render(
        page,
        "imports.html",
        status=status,
        found=[_job_values(job) for job in found],
        begun=before is not None,
        older=following[0] if following else None,
        errors=FormErrors(("file", fault) for fault in faults or ([error] if error else [])),
        # After sign-in, the address holds the options that were chosen before.
        chosen=(page.form if page.form.pairs else page.query).text,
    )


async def _show(page: PageRequest, import_id: str, *, error: str | None = None, status: int = 200) -> Response[str]:
    job = await read_job(page.database, page.account_id, import_id, RESOURCE)
    errors, following = await list_row_errors(
        page.database, page.account_id, import_id, RESOURCE, after=None, limit=SHOWN_ERRORS
    )
    applied = await find_applied_import(page.database, page.account_id, job) if job.dry_run else None
    return render(
        page,
        "import.html",
        status=status,
        job=_job_values(job),
        row_errors=errors,
        more=following is not None,
        may_retry=may_retry(job) and not _is_file_at_fault(job),
        takes_corrected_file=job.failed > 0 or _is_file_at_fault(job),
        may_apply=may_apply(job) and applied is None,
        applied=applied,
        key=page.form.key_or_new(),
        is_open=job.status in OPEN,
        errors=whole_form(error),
        chosen=_choices_of(job).get,
    )


_STATES = {
    "UPLOADING": ("idle", "uploading"),
    "QUEUED": ("idle", "waiting"),
    "RUNNING": ("good", "running"),
    "COMPLETED": ("good", "completed"),
    "COMPLETED_WITH_ERRORS": ("warn", "completed, some rows failed"),
    "FAILED": ("bad", "failed"),
    "CANCELLED": ("idle", "cancelled"),
}


def _job_values(job: JobRow) -> dict[str, Any]:
    """A job as the templates show it; the counts of one that is not written say what would be."""
    kind, text = _STATES[job.status]
    return {
        "view": view_import(job, LIST),
        "name": job.file_name or f"{job.format.upper()} file",
        "state": {"kind": kind, "text": text},
        "percent": _percent(job),
        "written": job.is_written and not job.dry_run,
        "created": job.created,
        "updated": job.updated,
        "created_at": job.created_at,
    }


def _is_file_at_fault(job: JobRow) -> bool:
    return job.error is not None and msgspec.json.decode(job.error, type=JobError).is_of_file


def _percent(job: JobRow) -> int:
    """The share of the file that is processed; during an upload in parts, the share received."""
    if job.status == "UPLOADING" and job.upload_length:
        return round(100 * job.bytes_uploaded / job.upload_length)
    return round(100 * job.bytes_processed / job.bytes_total) if job.bytes_total else 0


def _as_file(name: str) -> dict[str, str]:
    return {
        **SECURITY_HEADERS,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
