"""Errors below the root: a page for browsers, as most who come by a data carrier have one; JSON for all others."""

from typing import Any

from litestar import Request, Response

from linkxg.catalog.products.read_endpoint import response_of
from linkxg.errors import NotAcceptable, PublicError
from linkxg.http.error_responses import ErrorResponses
from linkxg.http.request_context import RawResponse, RequestContext, context_of
from linkxg.network.passports.documents.media_types import HTML
from linkxg.network.passports.pages.error_page import error_page
from linkxg.network.passports.read.passport_endpoint import language_of, media_type_of
from linkxg.network.passports.read.representation import headers_of

ACCESS_PATH = "/dpp/access/"


def prefers_page(context: RequestContext) -> bool:
    try:
        return media_type_of(context) == HTML
    except NotAcceptable:
        return False


class PassportErrors:
    """Answers with `error_responses`, which logs; a browser gets the same as a page."""

    def __init__(self, error_responses: ErrorResponses) -> None:
        self._error_responses = error_responses

    def refuse(self, request: Request[Any, Any, Any], error: PublicError) -> Response[bytes]:
        is_access = request.scope["path"].startswith(ACCESS_PATH)
        return response_of(self.reply(error, context_of(request.scope), is_access=is_access))

    def reply(self, error: PublicError, context: RequestContext, *, is_access: bool = False) -> RawResponse:
        reply = self._error_responses.reply(error, context)
        if not prefers_page(context):
            return reply
        language = language_of(context, HTML)
        page = error_page(error, language, context.request_id, is_access=is_access)
        own = [(name.encode(), value.encode()) for name, value in headers_of(HTML, language).items()]
        kept = [(name, value) for name, value in reply.headers if name != b"content-type"]
        return RawResponse(reply.status, page.encode(), [*own, *kept])
