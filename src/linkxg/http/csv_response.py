"""Answers in CSV (RFC 4180) for `Accept: text/csv`."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from litestar import MediaType, Request, Response

T = TypeVar("T")
CSV = "text/csv"


def accepted_type(request: Request[Any, Any, Any], *others: str) -> str:
    """The media type that the caller prefers: JSON or one of these."""
    return request.accept.best_match([MediaType.JSON, *others]) or MediaType.JSON


async def csv_response(
    write: Callable[[T], bytes], rows: T, name: str, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """An attachment, which `write` makes of `rows` in a thread: a table may be large. `name` is ASCII."""
    table = await asyncio.to_thread(write, rows)
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(table, media_type=CSV, headers={**(headers or {}), **named})
