"""`/static/…`: the stylesheet, the script and the logo."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from linkxg.console.assets import BY_URL, PREFIX
from linkxg.errors import NotFound
from linkxg.http.permissions import public
from linkxg.http.request_context import context_of

_CACHE = "public, max-age=31536000, immutable"


@get(f"{PREFIX}{{name:str}}", include_in_schema=False, **public())
async def static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    asset = BY_URL.get(PREFIX + name)
    if asset is None:
        raise NotFound
    headers = {"Cache-Control": _CACHE, "Cross-Origin-Resource-Policy": "same-origin", "Vary": "Accept-Encoding"}
    content = asset.content
    if b"gzip" in (context_of(request.scope).header(b"accept-encoding") or b""):
        content, headers["Content-Encoding"] = asset.compressed, "gzip"
    return Response(content, media_type=asset.media_type, headers=headers)
