"""The request class of the router: a JSON body is read strictly, into the struct that the route declares."""

from typing import Any

from litestar import Request

from linkxg.errors import InvalidRequest, ValidationFailed
from linkxg.http.body_style import BodyStyle, style_of
from linkxg.http.json_body import JSON_LIMIT, JSON_TYPES, MERGE_PATCH_TYPE, read_json, refuse_coding, require_json
from linkxg.http.request_context import STRANGER_LIMIT, context_of

_OAUTH_STYLE = (BodyStyle.OAUTH, BodyStyle.SIGN_IN)


class StrictRequest(Request[Any, Any, Any]):
    """The request class of every route."""

    async def body(self) -> bytes:
        """The body, bounded in size and time."""
        context = context_of(self.scope)
        kept: bytes | None = context.raw_body
        if kept is None:
            limit = STRANGER_LIMIT if self.route_handler.opt.get("public") else JSON_LIMIT
            kept = context.raw_body = await context.body(limit)
        return kept

    async def json(self) -> Any:
        """The body as the type of the route's `data` parameter."""
        style = style_of(self.route_handler.opt)
        oauth_style = style in _OAUTH_STYLE
        types = (*JSON_TYPES, MERGE_PATCH_TYPE) if self.route_handler.opt.get("merge_patch") else JSON_TYPES
        context = context_of(self.scope)
        require_json(context.header(b"content-type"), oauth_style=oauth_style, types=types)
        refuse_coding(context.header(b"content-encoding"), oauth_style=oauth_style)
        field = self.route_handler.parsed_data_field
        assert field is not None
        # A body that may be left out is still not one that may be null.
        kinds = field.inner_types if field.is_optional else (field,)
        shape = next(kind.annotation for kind in kinds if not kind.is_none_type)
        try:
            return read_json(await self.body(), shape, oauth_style=oauth_style)
        except ValidationFailed as error:
            if style is not BodyStyle.EPCIS:
                raise
            # The standard knows no 422.
            raise InvalidRequest(error.description, details=error.details) from None
