"""The response to a change of a product, for callers with and without `products:read`."""

from typing import Any

import msgspec
from litestar import Request, Response

from linkxg.http.pagination import Success
from linkxg.http.request_context import context_of

_READ_ONLY = frozenset(
    ("category", "changeNote", "content", "contentHash", "digitalLink", "gtin", "gtinFormat", "withdrawReason")
)


def change_response(
    request: Request[Any, Any, Any], resource: msgspec.Struct, headers: dict[str, str]
) -> Response[Any]:
    """The product or version; without what describes it for a caller who may not read products.

    Otherwise a change that changes nothing would read any product whose SKU is known.
    """
    caller = context_of(request.scope).principal
    if caller is not None and "products:read" in caller.scopes:
        return Response(Success[Any](data=resource), headers=headers)
    members = msgspec.json.decode(msgspec.json.encode(resource))
    shown = {name: value for name, value in members.items() if name not in _READ_ONLY}
    return Response(Success[Any](data=shown), headers=headers)
