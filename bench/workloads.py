"""The workloads: the same requests for every system, at its own endpoints."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

TOKEN = "token, opaque (LinkXG: HS256)"
TOKEN_HS256 = "token, JWT HS256"
TOKEN_ES256 = "token, JWT ES256"
INTROSPECTION, BEARER = "introspection", "resource behind a bearer token"
REFRESH, LOGIN, MIXED = "refresh with rotation", "sign-in", "mixed"
WORKS = (TOKEN, TOKEN_HS256, TOKEN_ES256, INTROSPECTION, BEARER, REFRESH, LOGIN, MIXED)
CROWD = 64
MIXED_EVERY = 20
FORM = "application/x-www-form-urlencoded"
SCOPE = "products:read"


@dataclass(frozen=True)
class Paths:
    """The endpoints of a server. `tokens` by workload; `extra` is appended to the body of a token request."""

    tokens: Mapping[str, str]
    introspection: str
    bearer: str
    refresh: str
    login: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    bearer_of_people: bool = False
    bearer_shows: str = '"sku"'
    json: bool = False
    one_secret: bool = False


@dataclass(frozen=True)
class Seed:
    """The rows in the database of every system."""

    clients: list[tuple[str, str]]
    app: tuple[str, str]
    emails: list[str]
    password: str
    refresh_tokens: list[str]


@dataclass(frozen=True)
class Request:
    """One request; `shows` is contained in the body of a correct response."""

    method: str
    path: str
    body: str = ""
    bearer: str = ""
    content_type: str = FORM
    shows: str = ""

    def line(self) -> str:
        """The format of bench/wrk/steps.lua."""
        authorization = f"Bearer {self.bearer}" if self.bearer else ""
        return "\t".join((self.method, self.path, authorization, self.content_type, self.body))


class Requester:
    """Builds the requests for one server and checks its responses."""

    def __init__(self, url: str, paths: Paths, seed: Seed) -> None:
        self.url = url
        self.paths = paths
        self._seed = seed
        self._crowds: Iterator[str] = iter(seed.refresh_tokens)

    def crowd(self) -> list[str]:
        """Unused refresh tokens."""
        return [next(self._crowds) for _ in range(CROWD)]

    def requests(self, work: str) -> list[Request]:
        """The requests to send in turn, with fresh tokens."""
        if work in (TOKEN, TOKEN_HS256, TOKEN_ES256):
            return [self._token(work, *client) for client in self._seed.clients]
        if work == INTROSPECTION:
            return self._introspections(self._access_tokens())
        if work == BEARER:
            return self._guarded(self._bearers())
        if work == LOGIN:
            return [self._login(email) for email in self._seed.emails[:CROWD]]
        if work == REFRESH:
            return []
        asked = self._introspections(self._access_tokens(16))
        guarded, fetched = self._guarded(self._bearers()), [self._token(TOKEN, *c) for c in self._seed.clients]
        # Of 20 requests 16 are guarded reads, 2 fetch a token, 1 introspects; the 20th is a refresh.
        mixed = []
        for n in range(500):
            mixed += [guarded[(16 * n + i) % len(guarded)] for i in range(16)]
            mixed += [fetched[(2 * n + i) % len(fetched)] for i in range(2)] + [asked[n % len(asked)]]
        return mixed

    def refresh(self, token: str = "{token}") -> Request:
        """A refresh; the load generator replaces `{token}`."""
        if self.paths.json:
            body = f'{{"refreshToken":"{token}"}}'
            return Request("POST", self.paths.refresh, body, content_type="application/json", shows='"refreshToken"')
        fields = self._app("refresh_token") + f"&refresh_token={token}"
        return Request("POST", self.paths.refresh, fields, shows='"refresh_token"')

    def check(self, work: str) -> None:
        """Raises RuntimeError unless a few requests of this workload get 200 and a correct body."""
        some = [self.refresh(next(self._crowds))] if work == REFRESH else self.requests(work)[:3]
        for request in some:
            self._answer(request)

    def _answer(self, request: Request) -> dict[str, object]:
        headers = {"Content-Type": request.content_type} if request.body else {}
        if request.bearer:
            headers["Authorization"] = f"Bearer {request.bearer}"
        sent = urllib.request.Request(
            self.url + request.path, request.body.encode() or None, headers, method=request.method
        )
        try:
            with urllib.request.urlopen(sent, timeout=60) as response:
                body = response.read().decode()
                status = response.status
        except urllib.error.HTTPError as error:
            body, status = error.read().decode(errors="replace"), error.code
        if status != 200 or request.shows.replace(" ", "") not in body.replace(" ", ""):
            raise RuntimeError(f"{request.method} {request.path} was answered with {status}: {body[:200]}")
        answer: dict[str, object] = json.loads(body)
        return answer

    def _token(self, work: str, client: str, secret: str) -> Request:
        secret = self._seed.clients[0][1] if self.paths.one_secret else secret
        body = f"grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={quote(SCOPE)}"
        return Request("POST", self.paths.tokens[work], body + self.paths.extra.get(work, ""), shows='"access_token":"')

    def _access_tokens(self, count: int = CROWD) -> list[str]:
        requests = [self._token(TOKEN, *client) for client in self._seed.clients[:count]]
        return [str(self._answer(request)["access_token"]) for request in requests]

    def _bearers(self) -> list[str]:
        if not self.paths.bearer_of_people:
            return self._access_tokens()
        return [str(self._answer(self.refresh(next(self._crowds)))["access_token"]) for _ in range(16)]

    def _introspections(self, tokens: list[str]) -> list[Request]:
        found = []
        for token, (client, secret) in zip(tokens, self._seed.clients, strict=False):
            body = urlencode({"token": token, "client_id": client, "client_secret": secret})
            found.append(Request("POST", self.paths.introspection, body, shows='"active":true'))
        return found

    def _guarded(self, bearers: list[str]) -> list[Request]:
        return [Request("GET", self.paths.bearer, bearer=b, shows=self.paths.bearer_shows) for b in bearers]

    def _login(self, email: str) -> Request:
        if self.paths.json:
            body = json.dumps({"email": email, "password": self._seed.password})
            return Request("POST", self.paths.login, body, content_type="application/json", shows='"refreshToken"')
        body = f"{self._app('password')}&{urlencode({'username': email, 'password': self._seed.password})}"
        return Request("POST", self.paths.login, body, shows='"refresh_token"')

    def _app(self, grant: str) -> str:
        client, secret = self._seed.app
        return f"grant_type={grant}&client_id={client}&client_secret={secret}"
