"""Starts an import of products: checks the first block of its file against the options, and opens the job."""

from collections.abc import AsyncIterator

import msgspec

from linkxg.audit.model import Actor
from linkxg.catalog.product_imports.check_file_start import check_first_block
from linkxg.catalog.product_imports.form_options import FormOptions
from linkxg.catalog.product_imports.model import RESOURCE, Options
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import ValidationFailed
from linkxg.jobs.model import MAX_CONTENT, JobRow
from linkxg.jobs.start_job import new_job, start_job


class ProductHeadCheck:
    """`check_first_block` for these options; with `form_options`, later fields of the form may still change them."""

    max_content = MAX_CONTENT

    def __init__(self, options: Options, form_options: FormOptions | None = None) -> None:
        self._options, self._form_options = options, form_options
        self._columns: list[str] | None = None

    def check_early(self, head: bytes, *, whole: bool) -> None:
        """Raises ValidationFailed unless a field after the file can still make it valid."""
        try:
            self._columns = check_first_block(head, self._options, whole=whole)
        except ValidationFailed:
            form_options = self._form_options
            if form_options is None or not any(
                _is_usable(head, possible, whole=whole) for possible in form_options.possible()
            ):
                raise

    def watch(self, text: bytes) -> None:
        """Nothing: rows are counted by the job."""

    def columns(self, head: bytes, *, whole: bool) -> list[str]:
        """The columns according to the final options. Raises ValidationFailed."""
        final = self._options if self._form_options is None else self._form_options.current()
        if self._columns is None or final != self._options:
            return check_first_block(head, final, whole=whole)
        return self._columns


def _is_usable(head: bytes, options: Options, *, whole: bool) -> bool:
    try:
        check_first_block(head, options, whole=whole)
    except ValidationFailed:
        return False
    return True


def new_import(actor: Actor, options: Options, file_name: str = "") -> JobRow:
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
    """As `start_job`; `form_options` are those of a form whose fields may follow the file."""
    return await start_job(
        database,
        actor,
        account_id,
        new_import(actor, options, file_name),
        ProductHeadCheck(options, form_options),
        parts,
        idempotency_key=idempotency_key,
        charset=charset,
        finalize=None if form_options is None else lambda job: with_options(job, form_options.current()),
    )


def with_options(job: JobRow, options: Options) -> JobRow:
    """The job with the final options of a form."""
    changed = {**msgspec.structs.asdict(options), "dry_run": int(options.dry_run), "publish": int(options.publish)}
    return job._replace(**changed)
