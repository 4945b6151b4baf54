"""The router's exception handlers: what a handler or the framework raises becomes an answer of the catalogue."""

from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap

from linkxg.errors import InvalidRequest, NotFound, PayloadTooLarge, PublicError
from linkxg.http.error_responses import ErrorResponses, method_not_allowed
from linkxg.http.query_params import parameter_error, parameter_fields
from linkxg.http.request_context import RawResponse, context_of

AnyRequest = Request[Any, Any, Any]
PageFor = Callable[[AnyRequest, HTTPException], Response[str] | None]
"""The page for a browser that is not at the API; None for every other request."""


class ExceptionHandlers:
    """Answers with `error_responses`; what the framework refuses, with `page_for` where there is a page."""

    def __init__(self, error_responses: ErrorResponses, page_for: PageFor) -> None:
        self._error_responses, self._page_for = error_responses, page_for

    def as_map(self) -> ExceptionHandlersMap:
        return {PublicError: self._refuse, HTTPException: self._refuse_framework, Exception: self._unexpected}

    def _refuse(self, request: AnyRequest, error: PublicError) -> Response[bytes]:
        return _response(self._error_responses.reply(error, context_of(request.scope)))

    def _refuse_framework(self, request: AnyRequest, error: HTTPException) -> Response[Any]:
        if (page := self._page_for(request, error)) is not None:
            return page
        if isinstance(error, NotFoundException):
            return self._refuse(request, NotFound())
        if isinstance(error, MethodNotAllowedException):
            return self._refuse(request, method_not_allowed(error, context_of(request.scope)))
        if isinstance(error, ValidationException):
            fields = parameter_fields(request.route_handler)
            return self._refuse(request, InvalidRequest(parameter_error(error, fields), reason="validation"))
        if error.status_code == PayloadTooLarge.status:
            return self._refuse(request, PayloadTooLarge())
        if error.status_code < 500:
            return self._refuse(request, InvalidRequest(reason=type(error).__name__))
        return self._unexpected(request, error)

    def _unexpected(self, request: AnyRequest, fault: Exception) -> Response[bytes]:
        return _response(self._error_responses.unexpected(fault, context_of(request.scope)))


def _response(reply: RawResponse) -> Response[bytes]:
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    media_type = headers.pop("content-type")
    return Response(reply.body, status_code=reply.status, media_type=media_type, headers=headers)
