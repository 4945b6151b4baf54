"""Starts an import of products: checks the head of its file against the options, and opens the job."""

from collections.abc import AsyncIterator

import msgspec

from linkxg.audit.model import Actor
from linkxg.catalog.product_imports.check_file_start import check_head
from linkxg.catalog.product_imports.form_options import FormOptions
from linkxg.catalog.product_imports.model import RESOURCE, Options
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import ValidationFailed
from linkxg.jobs.model import JobRow
from linkxg.jobs.start_job import new_job, start_job


class ProductHeadCheck:
    """`check_head` for these options. With `form_options`, fields of a form may follow the file and change them."""

    def __init__(self, options: Options, form_options: FormOptions | None = None) -> None:
        self._options, self._form_options = options, form_options
        self._columns: list[str] | None = None

    def check_early(self, head: bytes, *, whole: bool) -> None:
        """Raises ValidationFailed unless a field that follows the file can still make it usable."""
        try:
            self._columns = check_head(head, self._options, whole=whole)
        except ValidationFailed:
            form_options = self._form_options
            if form_options is None or not any(
                _is_usable(head, possible, whole=whole) for possible in form_options.still_possible()
            ):
                raise

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        """The columns by the final options. Raises ValidationFailed."""
        final = self._options if self._form_options is None else self._form_options.so_far()
        if self._columns is None or final != self._options:
            return check_head(head, final, whole=whole)
        return self._columns


def _is_usable(head: bytes, options: Options, *, whole: bool) -> bool:
    try:
        check_head(head, options, whole=whole)
    except ValidationFailed:
        return False
    return True


def new_import(actor: Actor, options: Options, file_name: str = "") -> JobRow:
    """A job for a file of products."""
    return new_job(actor, RESOURCE, **msgspec.structs.asdict(options), file_name=file_name)


async def start_import(
    database: Database,
    actor: Actor,
    account_id: str,
    options: Options,
    parts: AsyncIterator[bytes],
    *,
    file_name: str = "",
    idempotency_key: str | None = None,
    charset: str | None = None,
    form_options: FormOptions | None = None,
) -> IdempotentOutcome[JobRow]:
    """As `start_job`; `form_options` are the options of a form, of which some may follow the file."""
    return await start_job(
        database,
        actor,
        account_id,
        new_import(actor, options, file_name),
        ProductHeadCheck(options, form_options),
        parts,
        idempotency_key=idempotency_key,
        charset=charset,
        finalize=None if form_options is None else lambda job: with_options(job, form_options.so_far()),
    )


def with_options(job: JobRow, options: Options) -> JobRow:
    """The job as it is when other options turn out to hold."""
    changed = {**msgspec.structs.asdict(options), "dry_run": int(options.dry_run), "publish": int(options.publish)}
    return job._replace(**changed)
