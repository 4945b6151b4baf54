"""Renders templates as responses with the console's security headers.

Templates escape everything. No response is cached or framed, and only the console's own stylesheet and script run.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.response import Stream

from linkxg.clock import now_ms
from linkxg.console import formatting
from linkxg.console.assets import ASSETS
from linkxg.console.event_words import quantity_text
from linkxg.console.flash_messages import notice_of
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.product_fields import label
from linkxg.http.authorised_stream import authorised_stream
from linkxg.http.csv_response import CSV
from linkxg.identity.tokens.scopes import SCOPES

REPLACED = "replaced"
T = TypeVar("T", str, bytes)
Rows = TypeVar("Rows")
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)",
}


@cache
def templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": formatting.time_ago,
        "day": formatting.time_day,
        "clock": formatting.time_clock,
        "moment": formatting.time_moment,
        "ago_of": formatting.time_ago_of,
        "day_of": formatting.time_day_of,
        "clock_of": formatting.time_clock_of,
        "moment_of": formatting.time_moment_of,
        "utc_day": formatting.utc_day,
        "exact": formatting.exact,
        "count": formatting.count,
        "quantity": quantity_text,
        "duration": formatting.duration,
        "scopes": lambda scopes: formatting.scope_list(tuple(scopes)),
    }
    environment.globals |= {
        "asset": {name: asset.url for name, asset in ASSETS.items()},
        "SCOPES": SCOPES,
        "label": label,
        "now": now_ms,
    }
    return environment


def content_security_policy(nonce: str) -> str:
    """The Content-Security-Policy of a page whose style and script carry `nonce`."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )


def render(
    page: PageRequest,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    errors: FormErrors | None = None,
    **values: Any,
) -> Response[str]:
    """The template with `values`, the `page`, the `errors` of its form and the `notice` of the previous action."""
    page.nonce = os.urandom(16).hex()
    seconds_left = page.session.seconds_left(now_ms()) if page.session else 0
    context = {"errors": errors or FormErrors(), "notice": notice_of(page), "seconds_left": seconds_left}
    context |= {"replaced": _was_replaced(page), **values}
    with formatting.in_time_zone(page.session.time_zone if page.session else None):
        html = templates().get_template(template).render(page=page, **context)
    return Response(
        html,
        status_code=status,
        media_type="text/html",
        headers={**SECURITY_HEADERS, "Content-Security-Policy": content_security_policy(page.nonce), **(headers or {})},
        cookies=page.cookies,
    )


def _was_replaced(page: PageRequest) -> bool:
    """Whether control characters were replaced in this form, the form that redirected here, or a search."""
    return page.form.replaced or page.query.replaced or (not page.form.pairs and page.query.has(REPLACED))


def redirect(page: PageRequest, path: str, **query: str) -> Response[str]:
    """303 See Other, the answer to a form that succeeded."""
    if page.form.replaced:
        query[REPLACED] = "yes"
    separator = "&" if "?" in path else "?"
    headers = {**SECURITY_HEADERS, "Location": f"{path}{separator}{urlencode(query)}" if query else path}
    headers["Content-Security-Policy"] = content_security_policy(os.urandom(16).hex())
    return Response("", status_code=303, media_type="text/html", headers=headers, cookies=page.cookies)


def stream(page: PageRequest, content: AsyncIterator[T], media_type: str, name: str) -> Stream:
    """An attachment in parts, whose reader stays authorised; `name` is ASCII."""
    headers = {**SECURITY_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return Stream(authorised_stream(page.context, content), media_type=media_type, headers=headers)


async def download_csv(page: PageRequest, write: Callable[[Rows], bytes], rows: Rows, name: str) -> Response[str]:
    """With the byte order mark, by which spreadsheets read the file as UTF-8; `write` makes it in a thread."""
    table = await asyncio.to_thread(write, rows)
    return download(page, "\ufeff" + table.decode(), CSV, name)


def download(page: PageRequest, content: str, media_type: str, name: str) -> Response[str]:
    """An attachment; `name` is ASCII."""
    headers = {**SECURITY_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return Response(content, status_code=200, media_type=media_type, headers=headers, cookies=page.cookies)
