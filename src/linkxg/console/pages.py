"""Renders templates as responses with the console's security headers (security bar 98, U4).

Templates escape everything; every response carries the policy that only our own stylesheet and script run, that nobody
frames it and nothing keeps it (security bar 98, U4).
"""

import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

from linkxg.clock import now_ms
from linkxg.console import formatting
from linkxg.console.assets import ASSETS
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.notices import notice_of
from linkxg.identity.tokens.scopes import SCOPES

REPLACED = "replaced"
COMMON = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


@cache
def templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "ago": formatting.time_ago,
        "day": formatting.time_day,
        "clock": formatting.time_clock,
        "exact": formatting.exact,
        "count": formatting.count,
        "span": formatting.span,
        "scopes": lambda scopes: formatting.scope_list(tuple(scopes)),
    }
    found.globals |= {
        "asset": {name: asset.address for name, asset in ASSETS.items()},
        "SCOPES": SCOPES,
        "now": now_ms,
    }
    return found


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page whose style and script carry `nonce`."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )


def page(
    visit: PageRequest, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> Response[str]:
    """The template filled in; it also knows the `visit`, the `errors` of its form and the `notice` of what was done."""
    visit.nonce = os.urandom(16).hex()
    shown = {"errors": FormErrors(), "notice": notice_of(visit), "ends_in": _ends_in(visit)}
    shown |= {"replaced": _replaced(visit), **values}
    html = templates().get_template(template).render(visit=visit, **shown)
    return Response(
        html,
        status_code=status,
        media_type="text/html",
        headers={**COMMON, "Content-Security-Policy": policy(visit.nonce), **(headers or {})},
        cookies=visit.cookies,
    )


def _ends_in(visit: PageRequest) -> int:
    """Seconds until the session ends if it is not used; 0 without one."""
    return visit.session.seconds_left(now_ms()) if visit.session else 0


def _replaced(visit: PageRequest) -> bool:
    """Whether control characters were replaced in this form, in the form that led here, or in a search."""
    return visit.form.replaced or visit.query.replaced or (not visit.form.pairs and visit.query.has(REPLACED))


def go(visit: PageRequest, path: str, **query: str) -> Response[str]:
    """See another page (303): what a form answers with once it has done its work."""
    if visit.form.replaced:
        query[REPLACED] = "yes"
    joint = "&" if "?" in path else "?"
    headers = {**COMMON, "Location": f"{path}{joint}{urlencode(query)}" if query else path}
    headers["Content-Security-Policy"] = policy(os.urandom(16).hex())
    return Response("", status_code=303, media_type="text/html", headers=headers, cookies=visit.cookies)


def download(visit: PageRequest, content: str, media_type: str, name: str) -> Response[str]:
    """A file for the person to keep; `name` is ASCII."""
    headers = {**COMMON, "Content-Disposition": f'attachment; filename="{name}"'}
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return Response(content, media_type=media_type, headers=headers, cookies=visit.cookies)
