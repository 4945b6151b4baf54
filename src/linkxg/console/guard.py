"""The guard of the console: checks session, role and form token of every page.

Every route declares the roles that it admits, or that it is public; a route without a declaration is refused. Forms are
checked against CSRF before a handler sees them. Access tokens are not accepted.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from linkxg.audit.model import Actor
from linkxg.catalog.products.viewer import Viewer
from linkxg.clock import now_ms
from linkxg.console.console_services import ConsoleServices
from linkxg.console.cookies import BEFORE_SESSION, SESSION, read_cookie
from linkxg.console.csrf import FIELD, WRONG_TOKEN, form_token, require_own_form
from linkxg.console.page_forms import FORM_LIMIT, PageForm, read_fields, read_page_form
from linkxg.db import Database
from linkxg.errors import AccessDenied, InvalidRequest, PublicError
from linkxg.http.multipart import MultipartUpload, is_multipart
from linkxg.http.rate_budgets import require_budget
from linkxg.http.request_context import STRANGER_LIMIT, RequestContext, context_of
from linkxg.identity.accounts.roles import ADMINISTRATORS, Role
from linkxg.identity.sessions.console_session import (
    find_console_session,
    find_ended_session,
    list_recent_sessions,
    reload_console_session,
)
from linkxg.identity.sessions.model import ConsoleSession, EndedSession
from linkxg.identity.tokens.scopes import ROLE_SCOPES
from linkxg.network.open_tasks.count_open_tasks import count_open_tasks
from linkxg.network.open_tasks.model import NO_OPEN_TASKS, OpenTasks

_SCOPE_KEY = "linkxg.page"


class SignInRequired(Exception):
    """The request has no live session."""


@dataclass
class PageRequest:
    """One request of a browser: the session (None before sign-in), form and query, and the cookies to set."""

    # It holds the server key, which no representation of a page may show.
    services: ConsoleServices = field(repr=False)
    context: RequestContext
    path: str
    session: ConsoleSession | None
    form: PageForm
    query: PageForm
    csrf: str
    nonce: str = ""
    cookies: list[Cookie] = field(default_factory=list)
    upload: MultipartUpload | None = None
    ended_session: EndedSession | None = None
    """The ended session that the cookie belonged to."""
    open_tasks: OpenTasks = NO_OPEN_TASKS
    """What the navigation counts."""

    @property
    def database(self) -> Database:
        return self.services.database

    def cookie(self, name: str) -> str:
        """The value of this cookie; empty if the browser sent none."""
        return read_cookie(self.context, name, secure=self.services.secure)

    @property
    def person(self) -> ConsoleSession:
        if self.session is None:
            raise SignInRequired
        return self.session

    @property
    def account_id(self) -> str:
        return self.person.account_id

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.account_id)

    @property
    def role(self) -> str:
        return self.session.role if self.session else ""

    @property
    def administers(self) -> bool:
        return self.role in ADMINISTRATORS

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of the role."""
        return ROLE_SCOPES.get(self.role, frozenset())

    @property
    def actor(self) -> Actor:
        """The actor, for domain functions and the audit trail."""
        if self.session is None:
            return self.anonymous_actor
        person = self.session
        return Actor(
            "user",
            person.user_id,
            person.account_id,
            self.context.source,
            self.context.request_id,
            person.role,
            session_id=person.id,
            epoch=person.epoch,
        )

    @property
    def anonymous_actor(self) -> Actor:
        """The actor of a sign-in or a link, whoever else is signed in in this browser."""
        return Actor("anonymous", None, None, self.context.source, self.context.request_id)

    @property
    def recently_authenticated(self) -> bool:
        """Whether the person was authenticated recently enough for a sensitive action."""
        return self.person.is_recent(now_ms())


class ConsoleGuard:
    """Runs before every handler of the console and stores its `PageRequest` in the scope."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        context = context_of(connection.scope)
        page = await self.open_page(context, connection.scope["path"])
        connection.scope[_SCOPE_KEY] = page  # type: ignore[literal-required]
        allowed, public = route.opt.get("session_roles"), route.opt.get("public")
        if not allowed and not public:
            raise AccessDenied(reason="the page declares no permission")
        if page.session is not None:
            context.authorise_again = partial(_reauthorise, page, page.session, allowed)
        is_upload = "upload" in route.opt
        if connection.scope.get("method") == "POST" and not is_upload:
            await _read_form(connection.scope, page, public=bool(public))
        if allowed:
            if page.session is None:
                if is_upload:
                    await _read_fields_before_file(page, route.opt["upload"])
                raise SignInRequired
            if page.role not in allowed:
                raise AccessDenied
        if page.session is not None and not is_upload:
            page.open_tasks = await count_open_tasks(page.database, page.session.account_id)
        if is_upload:
            # Last: nothing of a large body is read before the role is checked.
            await _read_upload(page, route.opt["upload"])

    async def open_page(self, context: RequestContext, path: str) -> PageRequest:
        """The request with its session and query; its form is not read yet."""
        services = self._services
        cookie = read_cookie(context, SESSION, secure=services.secure)
        session = await find_console_session(services.database, cookie) if cookie else None
        bound_to = session.id if session else read_cookie(context, BEFORE_SESSION, secure=services.secure)
        if session is not None:
            context.notes |= {"account_id": session.account_id, "sub": session.user_id, "sid": session.id}
        csrf = form_token(services.server_key, bound_to) if bound_to else ""
        query = read_fields(context.query) if context.query else PageForm([])
        return PageRequest(services, context, path, session, PageForm([]), query, csrf)


async def _reauthorise(page: PageRequest, seen: ConsoleSession, allowed: Collection[Role] | None) -> None:
    """Checked again while a long body arrives or is sent: the session may have ended or the role changed."""
    page.session = await reload_console_session(page.database, seen)
    if page.session is None:
        raise SignInRequired
    if allowed and page.role not in allowed:
        raise AccessDenied


async def ended_session_of(page: PageRequest) -> EndedSession | None:
    """The ended session that the cookie belonged to."""
    cookie = page.cookie(SESSION)
    return await find_ended_session(page.database, cookie) if cookie else None


async def _read_form(scope: Scope, page: PageRequest, *, public: bool) -> None:
    """A form is bound to the session; a form of a public page also to the cookie of the sign-in form."""
    context = page.context
    if page.session is None:
        # A form of an ended session is carried through sign-in, and may be as long as any form.
        page.ended_session = await ended_session_of(page)
        if page.ended_session is None and not public:
            # Nothing of an unauthenticated body is read.
            raise SignInRequired
        if page.ended_session is None:
            # There is no form to preserve, so the rate limit applies before the body is read.
            require_budget(scope)
    page.form = await read_page_form(context, FORM_LIMIT if page.session or page.ended_session else STRANGER_LIMIT)
    known = page.session or (None if public else page.ended_session)
    bound_to = [known.id] if known else []
    if public:
        bound_to.append(page.cookie(BEFORE_SESSION))
    if not any(bound_to):
        page.form = PageForm([])
        raise SignInRequired
    await _require_own_form(page, known, bound_to, page.form)


async def _require_own_form(
    page: PageRequest, person: ConsoleSession | EndedSession | None, bound_to: list[str], form: PageForm
) -> None:
    """Raises AccessDenied. Also accepts a form that the same person opened in an earlier session.

    They may have signed out and in again in another window while they filled it in.
    """
    services, context, token = page.services, page.context, form.text(FIELD)
    try:
        require_own_form(context, services.public_url, services.server_key, bound_to, token)
    except AccessDenied as error:
        if person is None or error.reason != WRONG_TOKEN:
            raise
        earlier = await list_recent_sessions(services.database, person.account_id, person.user_id)
        require_own_form(context, services.public_url, services.server_key, earlier, token)


async def _read_fields_before_file(page: PageRequest, limit: int) -> None:
    """The fields before the file of an upload whose session has ended; the file itself is not read."""
    page.ended_session = await ended_session_of(page)
    content_type = page.context.header(b"content-type")
    if page.ended_session is None or content_type is None or not is_multipart(content_type):
        return
    context = page.context
    upload = MultipartUpload(content_type, context.stream(limit))
    try:
        await upload.begin()
        form = PageForm(upload.fields)
        await _require_own_form(page, page.ended_session, [page.ended_session.id], form)
    except PublicError as error:
        context.notes["reason"] = error.reason or error.description
        return
    page.form = form


async def _read_upload(page: PageRequest, limit: int) -> None:
    """The fields before the file, including the form token, which is checked before the file is read."""
    context = page.context
    content_type = context.header(b"content-type")
    if content_type is None or not is_multipart(content_type):
        raise InvalidRequest("Send the form as multipart/form-data.")
    page.upload = MultipartUpload(content_type, context.stream(limit))
    await page.upload.begin()
    page.form = PageForm(page.upload.fields)
    await _require_own_form(page, page.person, [page.person.id], page.form)


def page_request_of(request: Request[Any, Any, Any]) -> PageRequest:
    """The page request that the guard let in."""
    page: PageRequest = request.scope[_SCOPE_KEY]  # type: ignore[literal-required]
    return page


def page_request_or_none(request: Request[Any, Any, Any]) -> PageRequest | None:
    """The page request; None if the request failed before the guard saw it."""
    found: PageRequest | None = request.scope.get(_SCOPE_KEY)  # type: ignore[assignment]
    return found
