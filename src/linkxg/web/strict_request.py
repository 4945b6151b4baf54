"""The router's request class, which parses JSON bodies strictly into the declared struct."""

from typing import Any

from litestar import Request

from linkxg.web.exchange import STRANGER_LIMIT, exchange_of
from linkxg.web.json_body import JSON_LIMIT, JSON_TYPES, MERGE_PATCH_TYPE, read_json, refuse_coding, require_json

OAUTH_STYLE = ("/api/v1/oauth/", "/api/v1/auth/")


class StrictRequest(Request[Any, Any, Any]):
    """The request class of every route."""

    async def body(self) -> bytes:
        """The body, bounded in size and time."""
        exchange = exchange_of(self.scope)
        kept: bytes | None = exchange.raw_body
        if kept is None:
            limit = STRANGER_LIMIT if self.route_handler.opt.get("public") else JSON_LIMIT
            kept = exchange.raw_body = await exchange.body(limit)
        return kept

    async def json(self) -> Any:
        """The body as the type of the route's `data` parameter."""
        oauth_style = self.scope["path"].startswith(OAUTH_STYLE)
        types = (*JSON_TYPES, MERGE_PATCH_TYPE) if self.route_handler.opt.get("merge_patch") else JSON_TYPES
        exchange = exchange_of(self.scope)
        require_json(exchange.header(b"content-type"), oauth_style=oauth_style, types=types)
        refuse_coding(exchange.header(b"content-encoding"), oauth_style=oauth_style)
        field = self.route_handler.parsed_data_field
        assert field is not None
        # A body that may be left out is still not one that may be null.
        kinds = field.inner_types if field.is_optional else (field,)
        shape = next(kind.annotation for kind in kinds if not kind.is_none_type)
        return read_json(await self.body(), shape, oauth_style=oauth_style)
