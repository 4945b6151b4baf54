"""`/imports`: imports of products, their results and rejected rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from linkxg.audit.model import actor_of
from linkxg.catalog.product_imports.model import RESOURCE, EmptyAs, Job, KeyField, Mode, Options
from linkxg.catalog.product_imports.read_body import MEDIA_TYPES, declared_format, open_upload
from linkxg.catalog.product_imports.rejected_rows import media_type_of, rejected_rows_file
from linkxg.catalog.product_imports.start_import import new_import, start_import
from linkxg.catalog.product_imports.template import template
from linkxg.catalog.product_imports.view_import import view_import
from linkxg.catalog.products.select_fields import Selection, read_fields, select_fields
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, InvalidState
from linkxg.http.authorised_stream import authorised_stream
from linkxg.http.headers import LINK, IdempotencyKey, header, replay
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.jobs.manage_job import cancel_job, retry_job
from linkxg.jobs.model import FileFormat, JobRow, OnError, RowError
from linkxg.jobs.read_job import await_job, list_jobs, list_row_errors, read_job, results_file
from linkxg.jobs.uploads.create_upload import create_upload
from linkxg.jobs.uploads.model import state_of
from linkxg.jobs.uploads.routes import COMPLETE, LENGTH, LIMIT, OFFSET, WHOLE_NUMBER, upload_fields
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

PATH = "/api/v1/imports"
TAG = Tag("Imports", "Files of products, and the results of their rows.")
MAX_WAIT_S = 20
MAX_WAITS, MAX_WAITS_OF_ACCOUNT = 1_000, 16
"""Requests of a worker that wait for the end of an import; one more is answered at once."""
_RETRY_AFTER_S = "1"
_IN_PROGRESS = ("QUEUED", "RUNNING")
"""The states in which polling makes sense; an upload waits for its sender."""
_LINES, _ROWS = {"type": "string"}, {"type": "array", "items": {"type": "object"}}
"""Files whose rows have no schema."""
_FILES = {kind: _ROWS if name == "json" else _LINES for name, kind in MEDIA_TYPES.items()}
_FORM = {
    "title": "ImportForm",
    "description": "A file as a browser sends it; other form fields may contain the query parameters.",
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}
Fields = Annotated[str | None, QueryParameter(max_length=2_000, description="Members to answer with: status,created.")]
REJECTED_TYPES = (MEDIA_TYPES["csv"], MEDIA_TYPES["ndjson"])
_LOCATION = header("Location", "The address of the import.")
_REPLAYED = header("Idempotent-Replayed", "true if this request was answered before; this is that import.")
_AGAIN = header("Retry-After", "While the import is in progress: seconds after which to poll again.")


@dataclass(frozen=True, slots=True)
class ImportServices:
    database: Database
    cursors: Cursors
    public_url: str
    wake: Callable[[], None]
    waits: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(MAX_WAITS_OF_ACCOUNT, MAX_WAITS))


def _job_response(
    services: ImportServices,
    job: JobRow,
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
    selection: Selection | None = None,
) -> Response[Success[Job]]:
    poll = {"Retry-After": _RETRY_AFTER_S} if job.status in _IN_PROGRESS else {}
    return Response(Success(data=_shown(services, job, selection)), status_code=status, headers={**headers, **poll})


def _shown(services: ImportServices, job: JobRow, selection: Selection | None) -> Any:
    shown = view_import(job, services.public_url + PATH)
    return select_fields(shown, selection) if selection else shown


def _queued(
    services: ImportServices, job: IdempotentOutcome[JobRow], headers: Mapping[str, str] = MappingProxyType({})
) -> Response[Success[Job]]:
    services.wake()
    location = f"{services.public_url}{PATH}/{job.value.id}"
    return _job_response(services, job.value, 202, {"Location": location, **headers, **replay(job.replayed)})


@post(
    "/imports",
    operation_id="startImport",
    errors=(Conflict,),
    # The form first: most generated clients support only the first media type.
    takes={"multipart/form-data": _FORM, **_FILES},
    may_be_empty=True,
    status_code=202,
    response_headers=[_LOCATION, _REPLAYED, _AGAIN, OFFSET, LENGTH, COMPLETE, LIMIT],
    **scope("imports:write"),
)
async def start(
    request: Request[Any, Any, Any],
    services: NamedDependency[ImportServices],
    resource: Annotated[str, QueryParameter(pattern="^products$")] = "products",
    format: Annotated[FileFormat | None, QueryParameter(description="Default: from the media type.")] = None,
    mode: FromQuery[Mode] = "upsert",
    key: FromQuery[KeyField] = "sku",
    on_error: Annotated[OnError, QueryParameter(name="onError")] = "proceed",
    empty_as: Annotated[EmptyAs, QueryParameter(name="emptyAs", description="For empty CSV cells.")] = "unchanged",
    dry_run: Annotated[bool, QueryParameter(name="dryRun")] = False,
    publish: Annotated[bool, QueryParameter(description="Publish the imported products.")] = False,
    idempotency_key: IdempotencyKey = None,
    upload_length: Annotated[str | None, HeaderParameter(name="Upload-Length", pattern=WHOLE_NUMBER)] = None,
) -> Response[Success[Job]]:
    """Import a file of products: CSV, NDJSON or a JSON array, also with gzip.

    The body is the file itself, or multipart/form-data with the file in the field `file`; there the parameters may
    be fields of the form. The import runs in the background: poll the address in Location. With Upload-Length
    and no body it waits for the file, which is then sent in parts to the address of its `content` link.
    """
    context = context_of(request.scope)
    actor, account_id = actor_of(context), account_id_of(request.scope)
    options = Options(mode=mode, key=key, on_error=on_error, empty_as=empty_as, dry_run=dry_run, publish=publish)
    if upload_length is not None:
        options = msgspec.structs.replace(options, format=await declared_format(context, format))
        begun = await create_upload(
            services.database,
            actor,
            account_id,
            new_import(actor, options),
            int(upload_length),
            idempotency_key=idempotency_key,
        )
        return _queued(services, begun, upload_fields(state_of(begun.value)))
    upload = await open_upload(context, options, format)
    started = await start_import(
        services.database,
        actor,
        account_id,
        upload.options,
        upload.content,
        file_name=upload.file_name,
        idempotency_key=idempotency_key,
        charset=upload.charset,
        form_options=upload.form_options,
    )
    return _queued(services, started)


@get(
    "/imports", operation_id="listImports", response_headers=[LINK], **scope("imports:write")
)  # fmt: skip
async def listing(
    request: Request[Any, Any, Any],
    services: NamedDependency[ImportServices],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
    fields: Fields = None,
) -> Response[Page[Job]]:
    """The account's imports of the last 7 days, newest first."""
    selection = read_fields(fields, Job) if fields else None
    account_id = account_id_of(request.scope)
    filters = {"list": "imports", "account": account_id}
    after = services.cursors.open(cursor, filters) if cursor else None
    found, following = await list_jobs(services.database, account_id, RESOURCE, after=after, limit=limit)
    next_cursor = services.cursors.seal(following, filters) if following else None
    jobs = [_shown(services, job, selection) for job in found]
    return page_response(jobs, next_cursor, services.public_url + PATH, fields=fields, limit=limit)


@get("/imports/template", operation_id="importTemplate", gives=_FILES, **scope("imports:write"))
async def show_template(
    request: Request[Any, Any, Any],
    resource: Annotated[str, QueryParameter(pattern="^products$")] = "products",
    format: FromQuery[FileFormat] = "csv",
) -> Response[bytes]:
    """A file with two products that can be imported as it is."""
    named = f'attachment; filename="products.{format}"'
    headers = {"Content-Disposition": named}
    return Response(template(format), media_type=MEDIA_TYPES[format], headers=headers)


@get("/imports/{import_id:str}", operation_id="readImport", response_headers=[_AGAIN], **scope("imports:write"))
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[ImportServices],
    import_id: FromPath[str],
    wait: Annotated[int, QueryParameter(ge=0, le=MAX_WAIT_S, description="Seconds to wait for the end.")] = 0,
    fields: Fields = None,
) -> Response[Success[Job]]:
    """The state of an import; with `wait`, once it has ended or after that many seconds."""
    selection = read_fields(fields, Job) if fields else None
    authorise = context_of(request.scope).authorise_again
    account_id = account_id_of(request.scope)
    with services.waits.slot(account_id) as may_wait:
        seconds = wait if may_wait else 0
        job = await await_job(services.database, account_id, import_id, RESOURCE, seconds, authorise)
    return _job_response(services, job, selection=selection)


@get(
    "/imports/{import_id:str}/errors",
    operation_id="listImportErrors",
    gives=dict.fromkeys(REJECTED_TYPES, _LINES),
    response_headers=[LINK],
    **scope("imports:write"),
)
async def errors(
    request: Request[Any, Any, Any],
    services: NamedDependency[ImportServices],
    import_id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[RowError]]:
    """The rejected rows with their errors; `limit` counts rows.

    With `Accept: text/csv` or `application/x-ndjson`, matching the file: the rejected rows themselves, with
    the columns errorCode and errorMessage, to correct and import again.
    """
    account_id = account_id_of(request.scope)
    if request.accept.best_match([MediaType.JSON, *REJECTED_TYPES]) in REJECTED_TYPES:
        job = await read_job(services.database, account_id, import_id, RESOURCE)
        kind = media_type_of(job)
        named = f'attachment; filename="failed-rows.{"csv" if job.format == "csv" else "ndjson"}"'
        # In a header: the media type of a stream is that of the route, which has two.
        headers = {"Content-Type": kind, "Content-Disposition": named}
        rows = authorised_stream(context_of(request.scope), rejected_rows_file(services.database, account_id, job))
        return Stream(rows, headers=headers)  # type: ignore[return-value]
    filters = {"list": "import errors", "account": account_id, "import": import_id}
    after = services.cursors.open(cursor, filters) if cursor else None
    found, following = await list_row_errors(
        services.database, account_id, import_id, RESOURCE, after=after, limit=limit
    )
    next_cursor = services.cursors.seal(following, filters) if following else None
    return page_response(found, next_cursor, f"{services.public_url}{PATH}/{import_id}/errors", limit=limit)


@get(
    "/imports/{import_id:str}/results",
    operation_id="listImportResults",
    media_type=MEDIA_TYPES["ndjson"],
    gives={MEDIA_TYPES["ndjson"]: _LINES},
    **scope("imports:write"),
)
async def results(
    request: Request[Any, Any, Any], services: NamedDependency[ImportServices], import_id: FromPath[str]
) -> Stream:
    """The result of each row, as NDJSON: row, status, id and version of the product."""
    account_id = account_id_of(request.scope)
    job = await read_job(services.database, account_id, import_id, RESOURCE)
    return Stream(authorised_stream(context_of(request.scope), results_file(services.database, account_id, job)))


@post(
    "/imports/{import_id:str}/cancel", operation_id="cancelImport", status_code=202,
    errors=(Conflict, InvalidState), response_headers=[_REPLAYED, _AGAIN], **scope("imports:write"),
)  # fmt: skip
async def cancel(
    request: Request[Any, Any, Any],
    services: NamedDependency[ImportServices],
    import_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Job]]:
    """Cancel an import: rows already written are kept."""
    actor = actor_of(context_of(request.scope))
    account_id = account_id_of(request.scope)
    ended = await cancel_job(services.database, actor, account_id, import_id, RESOURCE, idempotency_key)
    return _job_response(services, ended.value, 202, replay(ended.replayed))


@post(
    "/imports/{import_id:str}/retry", operation_id="retryImport", status_code=202,
    errors=(Conflict, InvalidState), response_headers=[_LOCATION, _REPLAYED, _AGAIN], **scope("imports:write"),
)  # fmt: skip
async def retry(
    request: Request[Any, Any, Any],
    services: NamedDependency[ImportServices],
    import_id: FromPath[str],
    idempotency_key: IdempotencyKey = None,
) -> Response[Success[Job]]:
    """Resume an import that ended early, or retry its rejected rows in a new one."""
    actor = actor_of(context_of(request.scope))
    account_id = account_id_of(request.scope)
    return _queued(
        services, await retry_job(services.database, actor, account_id, import_id, RESOURCE, idempotency_key)
    )


def router(services: ImportServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[start, listing, show_template, read, errors, results, cancel, retry],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
