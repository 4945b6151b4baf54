"""The session of a person: sign-in, rotating refresh tokens, sign-out."""

from __future__ import annotations

from typing import Any

import httpx

from linkxg_client.access_token import AccessToken
from linkxg_client.auth import LinkXGAuth
from linkxg_client.connection import Connection
from linkxg_client.errors import (
    AuthenticationFailed,
    ErrorAnswer,
    InvalidToken,
    SignInRequired,
    UnexpectedAnswer,
    error_of,
    json_object,
)
from linkxg_client.retry import IDEMPOTENCY_KEY, NO_RETRY, RetryPolicy, send_with_retry
from linkxg_client.secret import Secret
from linkxg_client.session_store import MemoryStore, SessionStore, StoredSession
from linkxg_client.steps import Flow, Sleep, block
from linkxg_client.token_cache import TokenCache

POLL_S = 0.05
ADOPT_S = 120.0
"""A token that another process has stored is used if it lasts at least this long."""
REFRESH = RetryPolicy(deadline=50.0, max_wait=30.0)
"""The service recognises the repetition of a refresh for a minute."""


class MfaRequired(AuthenticationFailed):
    """The password was right. Call `complete_login` with a code of one of the `methods`."""

    code = "mfa_required"

    def __init__(self, answer: ErrorAnswer, methods: tuple[str, ...] = ()) -> None:
        super().__init__(answer)
        self.args = (answer, methods)
        self.methods = methods


class UserSession:
    """One session. `store` keeps it: in memory, or in a `SessionFile` that survives the process."""

    def __init__(self, *, connection: Connection | None = None, store: SessionStore | None = None) -> None:
        self._connection = connection or Connection()
        self._store = store or MemoryStore()
        self._tokens = TokenCache(self._fetch, self._connection.clock)
        self._used: Secret | None = None
        self._mfa_token: Secret | None = None

    def __repr__(self) -> str:
        return f"UserSession({self._connection!r})"

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def user(self) -> dict[str, str] | None:
        """Id, e-mail address and role of the person; None before the sign-in."""
        session = self._store.load()
        return session.user if session else None

    def auth(self, scope: str | None = None) -> LinkXGAuth:
        """Authentication for any httpx client."""
        return LinkXGAuth(self, scope)

    @property
    def origin(self) -> httpx.URL:
        return self._connection.url

    def tokens(self, scope: str | None = None) -> TokenCache:
        """The token of the session. It has the scopes of the person's role, whatever is asked for."""
        return self._tokens

    def token(self) -> AccessToken:
        return self._connection.run(self._tokens.get())

    async def atoken(self) -> AccessToken:
        return await self._connection.arun(self._tokens.get())

    def login(self, email: str, password: str | Secret) -> None:
        """Sign in. Raises InvalidCredentials, or MfaRequired if a second factor has to follow."""
        self._connection.run(self._sign_in("/auth/login", {"email": email}, password))

    async def alogin(self, email: str, password: str | Secret) -> None:
        await self._connection.arun(self._sign_in("/auth/login", {"email": email}, password))

    def complete_login(self, code: str, method: str = "totp") -> None:
        """The second step, after MfaRequired."""
        self._connection.run(self._sign_in("/auth/mfa", {"method": method, "code": code}, None))

    async def acomplete_login(self, code: str, method: str = "totp") -> None:
        await self._connection.arun(self._sign_in("/auth/mfa", {"method": method, "code": code}, None))

    def logout(self) -> None:
        """End the session at the service and here."""
        self._connection.run(self._sign_out())

    async def alogout(self) -> None:
        await self._connection.arun(self._sign_out())

    def _sign_in(self, path: str, body: dict[str, str], password: str | Secret | None) -> Flow[None]:
        clock = self._connection.clock
        asked_at, now = clock.now(), clock.time()
        response = yield from send_with_retry(self._sign_in_request(path, body, password), RetryPolicy(), clock)
        del password
        if response.status_code != 200:
            error = error_of(response, clock)
            if error.error == MfaRequired.code:
                members = json_object(response) or {}
                self._mfa_token = Secret(str(members.get("mfaToken")))
                raise MfaRequired(error.answer, tuple(members.get("methods", ())))
            raise error
        session, token = _read(response, asked_at, now, self._connection)
        yield from self._lock()
        try:
            yield from block(lambda: self._store.save(session))
        finally:
            self._store.unlock()
        self._used, self._mfa_token = session.access, None
        self._tokens.store(token)

    def _sign_in_request(self, path: str, body: dict[str, str], password: str | Secret | None) -> httpx.Request:
        secrets: dict[str, str] = {}
        if password is not None:
            secrets["password"] = password.reveal() if isinstance(password, Secret) else password
        elif self._mfa_token is not None:
            secrets["mfaToken"] = self._mfa_token.reveal()
        return self._connection.request("POST", path, json=body | secrets)

    def _sign_out(self) -> Flow[None]:
        clock = self._connection.clock
        try:
            token = yield from self._tokens.get()
        except SignInRequired:
            return
        request = self._connection.request("POST", "/auth/logout", headers={"Authorization": token.header})
        response = yield from send_with_retry(request, RetryPolicy(), clock)
        if response.status_code not in {200, 401}:
            raise error_of(response, clock)
        yield from self._clear()

    def _clear(self) -> Flow[None]:
        yield from block(lambda: self._store.save(None))
        self._tokens.forget()

    def _lock(self) -> Flow[None]:
        while not self._store.try_lock():
            yield Sleep(POLL_S)

    def _fetch(self, patient: bool) -> Flow[AccessToken]:
        """The token that another process has stored meanwhile, or that of a refresh."""
        yield from self._lock()
        try:
            stored = yield from block(self._store.load)
            if stored is None:
                raise SignInRequired("There is no session. Sign in first.")
            clock = self._connection.clock
            asked_at, now = clock.now(), clock.time()
            if stored.access != self._used and stored.expires_at - now > ADOPT_S:
                self._used = stored.access
                return AccessToken(stored.access.reveal(), stored.expires_at - now, "", asked_at, clock)
            request = _refresh_request(self._connection, stored)
            response = yield from send_with_retry(request, REFRESH if patient else NO_RETRY, clock)
            if response.status_code != 200:
                error = error_of(response, clock)
                if not isinstance(error, InvalidToken):
                    raise error
                yield from block(lambda: self._store.save(None))
                raise SignInRequired(f"The session has ended: {error.description} Sign in again.")
            session, token = _read(response, asked_at, now, self._connection)
            # Before anything else can fail: the service accepts only this refresh token from now on.
            yield from block(lambda: self._store.save(session))
            self._used = session.access
            return token
        finally:
            self._store.unlock()


def _refresh_request(connection: Connection, stored: StoredSession) -> httpx.Request:
    headers = {IDEMPOTENCY_KEY: stored.next_key}
    body = {"refreshToken": stored.refresh.reveal()}
    return connection.request("POST", "/auth/refresh", headers=headers, json=body)


def _read(
    response: httpx.Response, asked_at: float, now: float, connection: Connection
) -> tuple[StoredSession, AccessToken]:
    found = _tokens(response, now)
    if found is None:
        raise UnexpectedAnswer("The service answered without the tokens of a session. Is the address right?")
    session, lifetime = found
    return session, AccessToken(session.access.reveal(), lifetime, "", asked_at, connection.clock)


def _tokens(response: httpx.Response, now: float) -> tuple[StoredSession, float] | None:
    data: Any = (json_object(response) or {}).get("data")
    try:
        lifetime = float(data["expiresIn"])
        session = StoredSession(
            access=Secret(data["accessToken"]),
            expires_at=now + lifetime,
            refresh=Secret(data["refreshToken"]),
            user={str(name): str(value) for name, value in data["user"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return session, lifetime
