"""`/imports/{id}/content`: a file in parts.

The header fields are those of draft-ietf-httpbis-resumable-upload-15, most of which tus 1.0 has as well; the length is
told at the beginning, so with its last byte an upload is complete.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from litestar import Request, Response, get, patch
from litestar.handlers import HTTPRouteHandler
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


def fields_of(standing: UploadState) -> dict[str, str]:
    """The header fields that tell how an upload stands."""
    found = {
        "Upload-Offset": str(standing.offset),
        "Upload-Length": str(standing.length),
        "Upload-Complete": "?1" if standing.complete else "?0",
    }
    if standing.expires_at is not None:
        age = max(0, standing.expires_at - now_ms()) // 1_000
        found["Upload-Limit"] = f"{MAX_SIZE}, max-age={age}"
    return found


def routes(database: Database, wake: Callable[[], None], kinds: Kinds) -> Sequence[HTTPRouteHandler]:
    @get(
        "/imports/{import_id:str}/content",
        operation_id="readUpload",
        tags=["Imports"],
        response_headers=[OFFSET, LENGTH, COMPLETE, LIMIT],
        **scope(SCOPE),
    )
    async def read(request: Request[Any, Any, Any], import_id: FromPath[str]) -> Response[Success[Upload]]:
        """The offset of a resumable upload. HEAD answers with the header fields only."""
        standing = state_of(await find_upload(database, account_id_of(request.scope), import_id, kinds))
        return Response(Success(data=view(standing)), headers=fields_of(standing))

    @patch(
        "/imports/{import_id:str}/content",
        operation_id="appendUpload",
        takes=dict.fromkeys(PART_TYPES, _PART),
        errors=(Conflict, InvalidState),
        tags=["Imports"],
        status_code=204,
        response_headers=[OFFSET, LENGTH, COMPLETE, LIMIT],
        **scope(SCOPE),
    )
    async def append(
        request: Request[Any, Any, Any],
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
            standing = await append_part(
                database,
                actor_of(context),
                account_id_of(request.scope),
                import_id,
                kinds,
                offset=int(upload_offset),
                size=int(announced) if announced.isdigit() else None,
                parts=context.stream(MAX_UPLOAD),
            )
        except PayloadTooLarge as error:
            error.headers["Upload-Limit"] = MAX_SIZE
            raise
        if standing.complete:
            wake()
        return Response(None, status_code=204, headers=fields_of(standing))

    return [read, append]


def _require_part(context: RequestContext) -> None:
    kind = (context.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind.decode("latin-1") not in PART_TYPES:
        raise UnsupportedMediaType(f"Send the part as {PART_TYPES[0]} or {PART_TYPES[1]}.")
    if (context.header(b"content-encoding") or b"").strip().lower() not in (b"", b"identity"):
        raise UnsupportedMediaType(
            "Send a part without a Content-Encoding; the file itself may be compressed with gzip."
        )
