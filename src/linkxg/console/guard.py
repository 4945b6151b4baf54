"""The guard of the console: session, role and form token of every page.

The console's one guard: every route of it says which roles may enter or that everybody may, every form is proved to be
ours before a handler sees it, and a route that says nothing is refused. Tokens open nothing here.
"""

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
from linkxg.console.console_services import Services
from linkxg.console.cookies import BEFORE_SESSION, SESSION, read_cookie
from linkxg.console.csrf import FIELD, WRONG_TOKEN, form_token, require_own_form
from linkxg.console.page_forms import FORM_LIMIT, PageForm, read_fields, read_page_form
from linkxg.errors import AccessDenied, InvalidRequest, PublicError
from linkxg.http.multipart import MultipartUpload, is_multipart
from linkxg.http.rate_budgets import require_budget
from linkxg.http.request_context import STRANGER_LIMIT, RequestContext, context_of
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.sessions.console_session import (
    find_console_session,
    find_earlier_sessions,
    find_former_session,
    find_session_again,
)
from linkxg.identity.sessions.model import RECENT_MS, ConsoleSession, FormerSession
from linkxg.identity.tokens.scopes import ROLE_SCOPES

_SCOPE_KEY = "linkxg.visit"


class SignInRequired(Exception):
    """Nobody is signed in, or no longer."""


@dataclass
class PageRequest:
    """One request of a browser: who sits there (None before signing in), what they sent, which cookies to set."""

    context: RequestContext
    path: str
    session: ConsoleSession | None
    form: PageForm
    query: PageForm
    csrf: str
    nonce: str = ""
    cookies: list[Cookie] = field(default_factory=list)
    upload: MultipartUpload | None = None
    former: FormerSession | None = None
    """The session of the cookie, once it has ended."""

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
        """What the role itself holds."""
        return ROLE_SCOPES.get(self.role, frozenset())

    @property
    def actor(self) -> Actor:
        """Who acts, for the verbs and the audit trail."""
        source, request_id = self.context.source, self.context.request_id
        if self.session is None:
            return Actor("anonymous", None, None, source, request_id)
        person = self.session
        return Actor(
            "user",
            person.user_id,
            person.account_id,
            source,
            request_id,
            person.role,
            session_id=person.id,
            epoch=person.epoch,
        )

    @property
    def proved_lately(self) -> bool:
        """Whether the person gave their password within the last ten minutes."""
        return now_ms() - self.person.authenticated_at < RECENT_MS


class ConsoleGuard:
    """Runs before every handler of the console and leaves the `PageRequest` for it."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        context = context_of(connection.scope)
        visit = await self.begin(context, connection.scope["path"])
        connection.scope[_SCOPE_KEY] = visit  # type: ignore[literal-required]
        allowed, public = route.opt.get("session_roles"), route.opt.get("public")
        if not allowed and not public:
            raise AccessDenied(reason="the page declares no permission")
        if visit.session is not None:
            context.authorise_again = partial(self._authorise_again, visit, visit.session)
        is_upload = "upload" in route.opt
        if connection.scope.get("method") == "POST" and not is_upload:
            await self._read_form(connection.scope, visit, public=bool(public))
        if allowed:
            if visit.session is None:
                if is_upload:
                    await self._keep_choices(visit, route.opt["upload"])
                raise SignInRequired
            if visit.role not in allowed:
                raise AccessDenied
        if is_upload:
            # Last: of a large body nothing is read for those who may not send one.
            await self._read_upload(visit, route.opt["upload"])

    async def begin(self, context: RequestContext, path: str) -> PageRequest:
        """The visit of a request, before anything is asked of it."""
        parts = self._parts
        cookie = read_cookie(context, SESSION, secure=parts.secure)
        session = await find_console_session(parts.database, cookie) if cookie else None
        bound_to = session.id if session else read_cookie(context, BEFORE_SESSION, secure=parts.secure)
        if session is not None:
            context.notes |= {"account_id": session.account_id, "sub": session.user_id, "sid": session.id}
        csrf = form_token(parts.server_key, bound_to) if bound_to else ""
        query = read_fields(context.query) if context.query else PageForm([])
        return PageRequest(context, path, session, PageForm([]), query, csrf)

    async def _authorise_again(self, visit: PageRequest, seen: ConsoleSession) -> None:
        """A body that takes long to arrive outlives neither the session nor the person's role."""
        visit.session = await find_session_again(self._parts.database, seen)
        if visit.session is None:
            raise SignInRequired

    async def find_former(self, visit: PageRequest) -> FormerSession | None:
        """The session that the browser's cookie belonged to."""
        cookie = read_cookie(visit.context, SESSION, secure=self._parts.secure)
        return await find_former_session(self._parts.database, cookie) if cookie else None

    async def _read_form(self, scope: Scope, visit: PageRequest, *, public: bool) -> None:
        """A form is bound to the session; one of a public page also to the cookie that it was opened with."""
        parts, context = self._parts, visit.context
        if visit.session is None:
            # What was typed before the session ended is carried through sign-in, and may be as long as any form.
            visit.former = await self.find_former(visit)
            if visit.former is None and not public:
                # Nothing of a stranger's body is read where they may not be.
                raise SignInRequired
            if visit.former is None:
                # Whoever has no form to lose is refused before a body is read.
                require_budget(scope)
        visit.form = await read_page_form(context, FORM_LIMIT if visit.session or visit.former else STRANGER_LIMIT)
        known = visit.session or (None if public else visit.former)
        bound_to = [known.id] if known else []
        if public:
            bound_to.append(read_cookie(context, BEFORE_SESSION, secure=parts.secure))
        if not any(bound_to):
            visit.form = PageForm([])
            raise SignInRequired
        await self._require_own_form(visit, known, bound_to, visit.form)

    async def _require_own_form(
        self, visit: PageRequest, person: ConsoleSession | FormerSession | None, bound_to: list[str], form: PageForm
    ) -> None:
        """Raises AccessDenied; a form that the same person opened in an earlier session of theirs is good too.

        They may have signed out and in again in another window while they filled it in.
        """
        parts, context, token = self._parts, visit.context, form.text(FIELD)
        try:
            require_own_form(context, parts.public_url, parts.server_key, bound_to, token)
        except AccessDenied as error:
            if person is None or error.reason != WRONG_TOKEN:
                raise
            earlier = await find_earlier_sessions(parts.database, person.account_id, person.user_id)
            require_own_form(context, parts.public_url, parts.server_key, earlier, token)

    async def _keep_choices(self, visit: PageRequest, limit: int) -> None:
        """The fields before the file of an upload whose session has ended; the file itself is not read."""
        visit.former = await self.find_former(visit)
        content_type = visit.context.header(b"content-type")
        if visit.former is None or content_type is None or not is_multipart(content_type):
            return
        context = visit.context
        upload = MultipartUpload(content_type, context.stream(limit))
        try:
            await upload.begin()
            given = PageForm(upload.fields)
            await self._require_own_form(visit, visit.former, [visit.former.id], given)
        except PublicError as error:
            context.notes["reason"] = error.reason or error.description
            return
        visit.form = given

    async def _read_upload(self, visit: PageRequest, limit: int) -> None:
        """The fields before the file, of which the token is one: nobody else's file is read."""
        context = visit.context
        content_type = context.header(b"content-type")
        if content_type is None or not is_multipart(content_type):
            raise InvalidRequest("Send the form as multipart/form-data.")
        visit.upload = MultipartUpload(content_type, context.stream(limit))
        await visit.upload.begin()
        visit.form = PageForm(visit.upload.fields)
        await self._require_own_form(visit, visit.person, [visit.person.id], visit.form)


def visit_of(request: Request[Any, Any, Any]) -> PageRequest:
    """The visit that the guard has let in."""
    visit: PageRequest = request.scope[_SCOPE_KEY]  # type: ignore[literal-required]
    return visit


def visit_if_any(request: Request[Any, Any, Any]) -> PageRequest | None:
    """The visit, unless the request failed before the guard saw it."""
    found: PageRequest | None = request.scope.get(_SCOPE_KEY)  # type: ignore[assignment]
    return found
