"""Answers in CSV (RFC 4180) for `Accept: text/csv`."""

from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Request, Response

CSV = "text/csv"


def accepted_type(request: Request[Any, Any, Any], *others: str) -> str:
    """The media type that the caller prefers: JSON or one of these."""
    return request.accept.best_match([MediaType.JSON, *others]) or MediaType.JSON


def csv_response(table: bytes, name: str, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """An attachment; `name` is ASCII."""
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(table, media_type=CSV, headers={**(headers or {}), **named})
