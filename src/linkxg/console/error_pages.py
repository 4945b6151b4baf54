"""The error pages of the console: what happened, why, what to do next, and the request id for the log."""

from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from linkxg.console.carried_forms import holds_input, seal
from linkxg.console.console_services import ConsoleServices
from linkxg.console.csrf import FIELD, WRONG_TOKEN
from linkxg.console.guard import PageRequest, SignInRequired, page_request_or_none
from linkxg.console.page_forms import PageForm
from linkxg.console.pages import redirect, render
from linkxg.console.safe_redirect import local_path
from linkxg.console.sign_in import SIGN_OUT, sign_in_page
from linkxg.errors import (
    AccessDenied,
    IdempotencyKeyReused,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    PublicError,
    RateLimitExceeded,
    TemporarilyUnavailable,
)
from linkxg.http.error_responses import ErrorResponses, method_not_allowed
from linkxg.http.request_context import RequestContext, context_of

_API_PATHS = ("/api/", "/scim/", "/.well-known/", "/healthz", "/readyz", "/metrics")


class ErrorText(NamedTuple):
    """The texts of an error page."""

    title: str
    happened: str
    next_step: str


def _wants_page(context: RequestContext, path: str) -> bool:
    """Whether a browser requested a page that does not exist, rather than a program a path of the API."""
    if path.startswith(_API_PATHS):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in context.headers)


class ErrorPages:
    """Renders exceptions as pages; `error_responses` logs them as for the API."""

    def __init__(self, error_responses: ErrorResponses, services: ConsoleServices) -> None:
        self._error_responses, self._services = error_responses, services

    def refuse(self, request: Request[Any, Any, Any], error: PublicError) -> Response[str]:
        context = context_of(request.scope)
        reply = self._error_responses.reply(error, context)
        kept = (b"retry-after", b"allow", b"ratelimit", b"ratelimit-policy")
        headers = {name.decode(): value.decode() for name, value in reply.headers if name in kept}
        page = self._page_of(request)
        return render(page, "error.html", status=error.status, headers=headers, message=_text_of(error), error=error)

    def answer(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[Any] | None:
        """The page for a browser; None for a program, which gets the error of the API."""
        if not _wants_page(context_of(request.scope), request.scope["path"]):
            return None
        return self.refuse_framework(request, error)

    def refuse_framework(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        if error.status_code >= 500:
            return self.unexpected(request, error)
        if error.status_code == MethodNotAllowed.status:
            return self.refuse(request, method_not_allowed(error, context_of(request.scope)))
        return self.refuse(request, NotFound())

    def unexpected(self, request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
        context = context_of(request.scope)
        self._error_responses.unexpected(fault, context)
        try:
            return self.refuse(request, PublicError(reason=type(fault).__name__))
        except Exception as again:  # noqa: BLE001  what is wrong may be something that every page shows
            reply = self._error_responses.unexpected(again, context)
            return Response(reply.body, status_code=reply.status, media_type=MediaType.JSON)

    def sign_in_first(self, request: Request[Any, Any, Any], _: SignInRequired | InvalidToken) -> Response[str]:
        """To the sign-in page, and afterwards back to this page; a posted form is carried along."""
        page = self._page_of(request)
        page.context.notes["reason"] = "not signed in"
        if page.path == SIGN_OUT:
            # Already signed out; carried through sign-in, the form would end the new session.
            return redirect(page, "/sign-in", done="signed-out")
        if holds_input(page.form.pairs):
            return self._sign_in_with_form(request, page)
        if request.scope["method"] == "POST":
            target = _referring_path(page)
        else:
            query = page.context.query.decode("latin-1")
            target = local_path(f"{page.path}?{query}" if query else page.path)
        return redirect(page, "/sign-in", next=target) if target != "/" else redirect(page, "/sign-in")

    def _page_of(self, request: Request[Any, Any, Any]) -> PageRequest:
        """The request as the guard left it; an anonymous one if it failed before the guard."""
        empty = PageForm([])
        return page_request_or_none(request) or PageRequest(
            self._services, context_of(request.scope), request.scope["path"], None, empty, empty, ""
        )

    def _sign_in_with_form(self, request: Request[Any, Any, Any], page: PageRequest) -> Response[str]:
        """The sign-in page, carrying the form that was posted after the session ended."""
        if "upload" in request.route_handler.opt:
            # A file cannot be carried; the options beside it can.
            chosen = {name: value for name, value in page.form.pairs if name != FIELD}
            return redirect(page, "/sign-in", next=f"{page.path}?{urlencode(chosen | {'done': 'file-again'})}")
        person = page.session or page.ended_session
        carried = seal(self._services.server_key, person.user_id, page.path, page.form.pairs) if person else ""
        page.session = None
        return sign_in_page(page, target=_referring_path(page), carried=carried, ended=page.ended_session)


def _referring_path(page: PageRequest) -> str:
    """The page of this site that the form was sent from."""
    return local_path(urlsplit((page.context.header(b"referer") or b"").decode("latin-1")).path)


def _text_of(error: PublicError) -> ErrorText:
    match error:
        case NotFound():
            return ErrorText(
                "Page not found",
                "The address is wrong, or what it led to was deleted or belongs to another account.",
                "Go to the start page and look for it from there.",
            )
        case AccessDenied() if error.reason in (WRONG_TOKEN, "cross-site form"):
            return ErrorText(
                "This form is out of date",
                "It was opened before your last sign-in, or sent from another site. Nothing was changed.",
                "Go back, reload the page and send the form again.",
            )
        case AccessDenied():
            return ErrorText(
                "Your role does not permit this",
                f"{error.description} Nothing was changed.",
                "Ask an Owner or Admin of your account.",
            )
        case RateLimitExceeded():
            wait = error.retry_after or 1
            return ErrorText(
                "Too many requests",
                "Too many requests were sent from your address. Nothing was changed.",
                f"Wait {wait} seconds and try again." if wait > 1 else "Wait a second and try again.",
            )
        case TemporarilyUnavailable():
            return ErrorText(
                "The service cannot answer right now",
                "The database is unreachable, or too much work is queued. Nothing was changed.",
                "Wait a few seconds and reload the page.",
            )
        case MethodNotAllowed():
            return ErrorText(
                "This address cannot be used this way",
                "A form was sent to a page without a form, or an address that only accepts forms was opened as a page.",
                "Go to the start page and begin again.",
            )
        case IdempotencyKeyReused():
            return ErrorText(
                "This form has already been used",
                "It was submitted before with other content. That change is kept; nothing was changed now.",
                "Open the page again for a new form.",
            )
        case _ if error.status < 500:
            return ErrorText(
                "That did not work", f"{error.description} Nothing was changed.", "Go back and correct it."
            )
    return ErrorText(
        "Something failed on our side",
        "The request could not be completed. The error is in the log.",
        "Try again. If it fails again, give the operator the request id.",
    )
