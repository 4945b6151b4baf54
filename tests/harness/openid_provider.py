"""An OpenID provider on loopback that can be made to misbehave, one thing at a time.

Whoever opens its authorization endpoint is signed in as `person`. What an attack changes is an attribute; an attribute
that is not set is what an honest provider does.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import ssl
import threading
import time
import warnings
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from harness.tls import ADDRESS

CLIENT_ID = "linkxg"
METADATA = "/.well-known/openid-configuration"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class SignedInPerson:
    """Whom the provider signs in."""

    sub: str
    email: str | None = None
    email_verified: bool | None = True
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Code:
    """What an authorization code stands for."""

    query: dict[str, str]
    person: SignedInPerson
    sid: str


class OpenIdProvider:
    """Serves in a thread of this process; `issuer` is its address, with `host` as its name, and `path`."""

    def __init__(self, certificate: Path, key: Path, *, host: str = ADDRESS, path: str = "") -> None:
        self.client_secret = secrets.token_urlsafe(32)
        self.person = SignedInPerson(secrets.token_hex(8))
        self.signing_key: Key = RSAKey.generate_key(2048, {"kid": "first"})
        self.published: list[Key] = [self.signing_key]
        self.algorithm = "RS256"
        self.sid: str | None = None
        self.requests: list[tuple[str, str]] = []
        self.accepts_code_again = False
        self.in_userinfo = False
        self.metadata: dict[str, Any] = {}
        self.change_claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.make_token: Callable[[dict[str, Any]], str] | None = None
        self.answer_query: Callable[[dict[str, str]], dict[str, str]] = lambda query: query
        self.instead: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, SignedInPerson] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def do_GET(self) -> None:
                provider._serve(self, "GET")

            def do_POST(self) -> None:
                provider._serve(self, "POST")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = _QuietServer((ADDRESS, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.path = path
        self.issuer = f"https://{host}:{self.port}{path}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> OpenIdProvider:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """An honest provider again; its keys and its person stay."""
        self.metadata, self.instead = {}, {}
        self.make_token, self.sid = None, None
        self.accepts_code_again = self.in_userinfo = False
        self.change_claims = lambda claims: claims
        self.answer_query = lambda query: query
        self.algorithm = "RS256"
        self.signing_key = self.published[0]

    def count(self, path: str) -> int:
        """How often this path was asked for."""
        return sum(one == path for _, one in self.requests)

    # -- tokens -------------------------------------------------------------------------------------------

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token by the key that signs now."""
        fields = {"alg": self.algorithm, "kid": self.signing_key.kid, **header}
        typ = fields.pop("typ", "JWT")
        with warnings.catch_warnings():
            # RFC 9864 gives EdDSA new names, which providers do not use yet.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(fields, claims, self.signing_key, algorithms=[fields["alg"]], default_type=typ)

    def id_claims(self, person: SignedInPerson, nonce: str | None, sid: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": person.sub, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
                  "auth_time": now, "sid": sid}  # fmt: skip
        if nonce is not None:
            claims["nonce"] = nonce
        if not self.in_userinfo:
            claims |= _email(person)
        return claims | person.claims

    def logout_token(self, **changed: Any) -> str:
        """For the person who was signed in last; a member that is None is left out. `typ` and `alg` are its header."""
        now = int(time.time())
        header = {name: changed.pop(name) for name in ("typ",) if name in changed}
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8),
                  "events": {LOGOUT_EVENT: {}}, "sub": self.person.sub} | changed  # fmt: skip
        kept = {name: value for name, value in claims.items() if value is not None}
        return self.sign(kept, **({"typ": "logout+jwt"} | header))

    def unsigned(self, claims: dict[str, Any]) -> str:
        """`alg` none (RFC 8725, section 2.1)."""
        return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(claims)}."

    def by_public_key(self, claims: dict[str, Any]) -> str:
        """HS256 with the public key as the secret (RFC 8725, section 2.1)."""
        assert isinstance(self.signing_key, RSAKey)
        pem = self.signing_key.as_pem(private=False)
        header = {"alg": "HS256", "kid": self.signing_key.kid}
        # The library knows better than to sign with a PEM file.
        key = OctKey.import_key({"kty": "oct", "k": urlsafe_b64encode(pem).rstrip(b"=").decode()})
        return jwt.encode(header, claims, key, algorithms=["HS256"])

    def rotate(self, algorithm: str = "RS256", kid: str | None = None) -> None:
        """Sign with a new key, which is published beside the others."""
        parameters: Any = {"kid": kid or secrets.token_hex(4)}
        key: Key
        if algorithm == "ES256":
            key = ECKey.generate_key("P-256", parameters)
        elif algorithm == "EdDSA":
            key = OKPKey.generate_key("Ed25519", parameters)
        else:
            key = RSAKey.generate_key(2048, parameters)
        self.signing_key, self.algorithm = key, algorithm
        self.published.append(key)

    # -- endpoints ----------------------------------------------------------------------------------------

    def _serve(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        parts = urlsplit(handler.path.removeprefix(self.path))
        self.requests.append((method, parts.path))
        if parts.path in self.instead:
            self.instead[parts.path](handler)
            return
        if parts.path == METADATA:
            send(handler, 200, self._document())
        elif parts.path == "/jwks":
            keys = [{**key.as_dict(private=False), "use": "sig"} for key in self.published]
            send(handler, 200, {"keys": keys})
        elif parts.path == "/authorize":
            self._authorize(handler, dict(parse_qsl(parts.query)))
        elif parts.path == "/token" and method == "POST":
            body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
            status, answer = self._token(handler, {name: one[0] for name, one in parse_qs(body.decode()).items()})
            send(handler, status, answer)
        elif parts.path == "/userinfo":
            person = self._access.get(handler.headers.get("Authorization", "").removeprefix("Bearer "))
            send(handler, 401, {}) if person is None else send(
                handler, 200, {"sub": person.sub, **_email(person), **person.claims}
            )
        else:
            send(handler, 404, {})

    def _document(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
        } | self.metadata
        return {name: value for name, value in document.items() if value is not None}

    def _authorize(self, handler: BaseHTTPRequestHandler, query: dict[str, str]) -> None:
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(query, self.person, self.sid or secrets.token_hex(8))
        answer = self.answer_query({"code": code, "state": query["state"], "iss": self.issuer})
        handler.send_response(302)
        handler.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer, quote_via=quote)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _token(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        scheme, _, encoded = handler.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            client, _, secret = b64decode(encoded).decode().partition(":")
            client, secret = unquote_plus(client), unquote_plus(secret)
        else:
            client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if (client, secret) != (CLIENT_ID, self.client_secret):
            return 401, {"error": "invalid_client"}
        code = self._codes.get(form["code"])
        if code is None:
            return 400, {"error": "invalid_grant"}
        if not self.accepts_code_again:
            del self._codes[form["code"]]
        challenge = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if (challenge, form["redirect_uri"]) != (code.query["code_challenge"], code.query["redirect_uri"]):
            return 400, {"error": "invalid_grant"}
        claims = self.change_claims(self.id_claims(code.person, code.query.get("nonce"), code.sid))
        access = secrets.token_urlsafe(24)
        self._access[access] = code.person
        token = self.make_token(claims) if self.make_token else self.sign(claims)
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": token}


class _QuietServer(ThreadingHTTPServer):
    """A client that gives up on a slow or huge answer is part of the tests."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def send(handler: BaseHTTPRequestHandler, status: int, value: Any) -> None:
    """A JSON answer."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _email(person: SignedInPerson) -> dict[str, Any]:
    claims = {"email": person.email, "email_verified": person.email_verified}
    return {name: value for name, value in claims.items() if value is not None}


def _segment(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
