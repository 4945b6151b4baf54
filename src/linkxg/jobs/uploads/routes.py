"""`/imports/{id}/content`: a file in parts.

The header fields are those of draft-ietf-httpbis-resumable-upload-15, most of which tus 1.0 has as well. The length is
declared at the beginning, so an upload is complete with its last byte.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, Router, get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, HeaderParameter

from linkxg.audit.model import actor_of
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import Conflict, InvalidState, PayloadTooLarge, UnsupportedMediaType
from linkxg.http.headers import header
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import RequestContext, account_id_of, context_of
from linkxg.jobs.handler import Kinds
from linkxg.jobs.lease import SCOPE
from linkxg.jobs.model import MAX_UPLOAD
from linkxg.jobs.uploads.append import append_part, find_upload
from linkxg.jobs.uploads.model import Upload, UploadState, state_of, view

PART_TYPES = ("application/partial-upload", "application/offset+octet-stream")
_PART = {"type": "string", "format": "binary", "description": "The bytes of the file from Upload-Offset on."}
WHOLE_NUMBER = "^(?:0|[1-9][0-9]{0,14})$"
MAX_SIZE = f"max-size={MAX_UPLOAD}"
OFFSET = header("Upload-Offset", "The number of stored bytes, which is the offset of the next part.")
COMPLETE = header("Upload-Complete", "`?1` if the file is complete and the import is queued, otherwise `?0`.")
LENGTH = header("Upload-Length", "The length of the file in bytes.")
LIMIT = header("Upload-Limit", "`max-size` of a file in bytes; `max-age`: seconds until the upload expires.")


def upload_fields(state: UploadState) -> dict[str, str]:
    """The header fields of an upload's state."""
    fields = {
        "Upload-Offset": str(state.offset),
        "Upload-Length": str(state.length),
        "Upload-Complete": "?1" if state.complete else "?0",
    }
    if state.expires_at is not None:
        age = max(0, state.expires_at - now_ms()) // 1_000
        fields["Upload-Limit"] = f"{MAX_SIZE}, max-age={age}"
    return fields


@dataclass(frozen=True, slots=True)
class UploadServices:
    """`wake` says that a job has been queued."""

    database: Database
    wake: Callable[[], None]
    kinds: Kinds


@get(
    "/imports/{import_id:str}/content",
    operation_id="readUpload",
    response_headers=[OFFSET, LENGTH, COMPLETE, LIMIT],
    **scope(SCOPE),
)
async def read(
    request: Request[Any, Any, Any], services: NamedDependency[UploadServices], import_id: FromPath[str]
) -> Response[Success[Upload]]:
    """The offset of a resumable upload. HEAD answers with the header fields only."""
    job = await find_upload(services.database, account_id_of(request.scope), import_id, services.kinds)
    state = state_of(job)
    return Response(Success(data=view(state)), headers=upload_fields(state))


@patch(
    "/imports/{import_id:str}/content",
    operation_id="appendUpload",
    takes=dict.fromkeys(PART_TYPES, _PART),
    errors=(Conflict, InvalidState),
    status_code=204,
    response_headers=[OFFSET, LENGTH, COMPLETE, LIMIT],
    **scope(SCOPE),
)
async def append(
    request: Request[Any, Any, Any],
    services: NamedDependency[UploadServices],
    import_id: FromPath[str],
    upload_offset: Annotated[str, HeaderParameter(name="Upload-Offset", pattern=WHOLE_NUMBER)],
) -> Response[None]:
    """Append the next part of a file at Upload-Offset.

    If Upload-Offset does not match the stored offset, the answer is 409 with the correct one. What arrives is
    stored at once: after a broken connection, request the offset. With the last byte the import is queued.
    """
    context = context_of(request.scope)
    _require_part(context)
    announced = context.header(b"content-length") or b""
    try:
        state = await append_part(
            services.database,
            actor_of(context),
            account_id_of(request.scope),
            import_id,
            services.kinds,
            offset=int(upload_offset),
            size=int(announced) if announced.isdigit() else None,
            parts=context.stream(MAX_UPLOAD),
        )
    except PayloadTooLarge as error:
        error.headers["Upload-Limit"] = MAX_SIZE
        raise
    if state.complete:
        services.wake()
    return Response(None, status_code=204, headers=upload_fields(state))


def router(services: UploadServices) -> Router:
    return Router(
        "/",
        tags=["Imports"],
        route_handlers=[read, append],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def _require_part(context: RequestContext) -> None:
    kind = (context.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind.decode("latin-1") not in PART_TYPES:
        raise UnsupportedMediaType(f"Send the part as {PART_TYPES[0]} or {PART_TYPES[1]}.")
    if (context.header(b"content-encoding") or b"").strip().lower() not in (b"", b"identity"):
        raise UnsupportedMediaType(
            "Send a part without a Content-Encoding; the file itself may be compressed with gzip."
        )
