"""`/epcis/capture` and `POST /epcis/events`: documents and events come in (EPCIS 2.0, capture interface)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import Conflict, NotAcceptable, PayloadTooLarge, UnsupportedMediaType
from linkxg.http.headers import REPLAYED, IdempotencyKey, header, replay
from linkxg.http.json_body import refuse_coding
from linkxg.http.media_type import media_type_parameters
from linkxg.http.permissions import scope
from linkxg.http.request_context import RequestContext, account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.jobs.lease import SCOPE
from linkxg.jobs.model import MAX_ROW_BYTES, MAX_UPLOAD, OnError
from linkxg.network.epcis.capture.capture_single_event import capture_single_event, view_event
from linkxg.network.epcis.capture.model import EVENTS, CaptureJob, StartedCapture
from linkxg.network.epcis.capture.read_captures import list_captures, read_capture
from linkxg.network.epcis.capture.start_capture import start_capture
from linkxg.network.epcis.discovery_endpoint import discovery, epcis_router
from linkxg.network.epcis.gs1_headers import CAPTURE_DISCOVERY, CAPTURE_LIMITS
from linkxg.network.epcis.http_pages import (
    DEFAULT_PER_PAGE,
    PAGED,
    PATH,
    TYPES,
    PageToken,
    next_page,
    open_token,
    parameters_of,
)
from linkxg.network.epcis.page_tokens import PageTokens

TAG = Tag("EPCIS capture", "EPCIS 2.0 documents and events; the bodies and header fields are those of the standard.")
MAX_PER_PAGE = 100
_DOCUMENT = {"title": "EPCISDocument", "type": "object", "description": "An EPCISDocument or EPCISQueryDocument."}
_EVENT = {"title": "EPCISEvent", "type": "object", "description": "One event with its `@context`."}
_RETRY_AFTER_S = "1"
_AGAIN = header("Retry-After", "While the capture is in progress: seconds after which to poll again.")
_LOCATION = header("Location", "The address of the capture job, or of the event.")
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_CODINGS = (b"", b"identity", b"gzip")
ErrorBehaviourHeader = Annotated[OnError, HeaderParameter(name="GS1-Capture-Error-Behaviour")]
Strict = Annotated[
    bool,
    QueryParameter(description="Reject events whose eventTime is more than 24 hours ahead of the service's clock."),
]
PerPage = Annotated[int, QueryParameter(name="perPage", ge=1, le=MAX_PER_PAGE)]


@dataclass(frozen=True, slots=True)
class CaptureServices:
    """`wake` says that a job has been queued, `captured` that an event of the account has been stored."""

    database: Database
    tokens: PageTokens
    public_url: str
    wake: Callable[[], None]
    captured: Callable[[str], None]


@post(
    "/epcis/capture",
    operation_id="captureDocument",
    errors=(Conflict, NotAcceptable, UnsupportedMediaType),
    takes=dict.fromkeys(TYPES, _DOCUMENT),
    status_code=202,
    response_headers=[_LOCATION, REPLAYED, _AGAIN],
    **scope(SCOPE),
)
async def capture(
    request: Request[Any, Any, Any],
    services: NamedDependency[CaptureServices],
    on_error: ErrorBehaviourHeader = "rollback",
    strict: Strict = False,
    idempotency_key: IdempotencyKey = None,
) -> Response[StartedCapture]:
    """Capture the events of a document, also with gzip.

    The job at the address in Location reports the progress, and the faults of each event. With `rollback` all events
    are stored or none; with `proceed` those without a fault. An event that is stored already is left as it is.
    """
    context = context_of(request.scope)
    _require_type(context)
    _require_coding(context)
    started = await start_capture(
        services.database,
        actor_of(context),
        account_id_of(request.scope),
        context.stream(MAX_UPLOAD),
        on_error=on_error,
        strict=strict,
        idempotency_key=idempotency_key,
    )
    services.wake()
    location = f"{services.public_url}{PATH}/capture/{started.value.id}"
    headers = {"Location": location, "Retry-After": _RETRY_AFTER_S, **replay(started.replayed)}
    return Response(StartedCapture(started.value.id), status_code=202, headers=headers)


@get("/epcis/capture", operation_id="listCaptureJobs", response_headers=PAGED,
     errors=(NotAcceptable,), **scope(SCOPE))  # fmt: skip
async def listing(
    request: Request[Any, Any, Any],
    services: NamedDependency[CaptureServices],
    per_page: PerPage = DEFAULT_PER_PAGE,
    token: PageToken = None,
) -> Response[list[CaptureJob]]:
    """The capture jobs of the last 7 days, newest first."""
    account_id = account_id_of(request.scope)
    filters = {"list": "captures", "account": account_id}
    after = open_token(services, token, filters)
    jobs, following = await list_captures(services.database, account_id, after=after, limit=per_page)
    headers = next_page(request, services, parameters_of(request), following, filters, per_page=per_page)
    return Response(jobs, headers=headers)


@get(
    "/epcis/capture/{capture_id:str}",
    operation_id="readCaptureJob",
    errors=(NotAcceptable,),
    response_headers=[_AGAIN],
    **scope(SCOPE),
)
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[CaptureServices], capture_id: FromPath[str]
) -> Response[CaptureJob]:
    """The state of a capture job."""
    job = await read_capture(services.database, account_id_of(request.scope), capture_id)
    return Response(job, headers={"Retry-After": _RETRY_AFTER_S} if job.running else {})


@post(
    "/epcis/events",
    operation_id="captureEvent",
    errors=(Conflict, NotAcceptable, UnsupportedMediaType),
    takes=dict.fromkeys(TYPES, _EVENT),
    gives={"application/json": _EVENT},
    status_code=201,
    response_headers=[_LOCATION, REPLAYED],
    **scope(SCOPE, EVENTS),
)
async def capture_one(
    request: Request[Any, Any, Any],
    services: NamedDependency[CaptureServices],
    strict: Strict = False,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Capture one event at once; the answer is 409 if one with the same eventID is stored, whatever it says."""
    context = context_of(request.scope)
    _require_type(context)
    refuse_coding(context.header(b"content-encoding"), oauth_style=False)
    try:
        content = await context.body(MAX_ROW_BYTES)
    except PayloadTooLarge as error:
        error.headers |= CAPTURE_LIMITS
        raise
    captured = await capture_single_event(
        services.database,
        actor_of(context),
        account_id_of(request.scope),
        content,
        strict=strict,
        idempotency_key=idempotency_key,
    )
    services.captured(account_id_of(request.scope))
    event = captured.value.event
    location = f"{services.public_url}{PATH}/events/{quote(event.event_id, safe='')}"
    headers = {"Location": location, **replay(captured.replayed)}
    return Response(view_event(event), status_code=201, media_type="application/json", headers=headers)


def router(services: CaptureServices) -> Router:
    handlers = [
        capture,
        listing,
        read,
        capture_one,
        discovery("/epcis/capture", CAPTURE_DISCOVERY),
        discovery("/epcis/capture/{capture_id:str}"),
        discovery("/epcis/events"),
    ]
    return epcis_router(services, handlers, TAG)


def _require_type(context: RequestContext) -> None:
    content_type = context.header(b"content-type")
    kind = (content_type or b"").partition(b";")[0].strip().lower().decode("latin-1")
    charset = media_type_parameters(content_type).get("charset")
    if kind in TYPES and (charset is None or charset.lower() in _CHARSETS):
        return
    message = f"Send the document as {TYPES[0]} or {TYPES[1]}, in UTF-8; EPCIS XML is not supported."
    raise UnsupportedMediaType(message, headers={"Accept-Post": ", ".join(TYPES)})


def _require_coding(context: RequestContext) -> None:
    if (context.header(b"content-encoding") or b"").strip().lower() not in _CODINGS:
        raise UnsupportedMediaType("The only supported Content-Encoding is gzip.")
