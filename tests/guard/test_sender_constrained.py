"""Tokens that are bound to a key or a certificate, in a guard without a network. Security rules 275 to 288."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from guard.issuer import EC_KEY, SETTINGS, Issuer, access_token
from guard.readme import snippets
from harness import redis
from harness.client_certificates import ClientCertificate
from harness.dpop import ALGORITHMS, DpopKey
from linkxg_guard import (
    Guard,
    GuardError,
    GuardSettings,
    InvalidDpopProof,
    InvalidToken,
    MissingToken,
    TemporarilyUnavailable,
)
from linkxg_guard import guard as guard_module
from linkxg_guard.asgi import presented_by
from linkxg_guard.authorization import SenderConstrained
from linkxg_guard.wsgi import presented_by as presented_by_wsgi

BASE = "https://orders.example/shop"
KEY = DpopKey()
CERTIFICATE, OTHER = ClientCertificate(), ClientCertificate()


class Caller:
    """Sends requests to a guard whose settings may be changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        issuer = Issuer()
        issuer.keys = [EC_KEY]
        monkeypatch.setattr(guard_module, "Connection", lambda _: issuer)
        self.settings = replace(SETTINGS, **{"base_url": BASE, **settings})
        self.requests: list[tuple[bytes, dict[str, Any]]] = []

    def ask(self, *requests: tuple[str, str, dict[str, Any]]) -> list[type[GuardError] | None]:
        """(scheme, token, ASGI scope) of each request; the errors that the guard raises."""

        async def main() -> list[type[GuardError] | None]:
            guard, found = Guard(self.settings), list[type[GuardError] | None]()
            for scheme, token, scope in requests:
                full = {"type": "http", "method": "GET", "path": "/a", "raw_path": b"/a", "headers": []} | scope
                try:
                    await guard.authenticate(
                        f"{scheme} {token}".encode(), None, (), partial(presented_by, full, self.settings)
                    )
                except GuardError as error:
                    found.append(type(error))
                else:
                    found.append(None)
            await guard.stop()
            return found

        return asyncio.run(main())


def bound(key: DpopKey = KEY, jti: str = "t2") -> str:
    return access_token(jti, cnf={"jkt": key.thumbprint}).decode()


def with_proof(token: str, key: DpopKey = KEY, uri: str = f"{BASE}/a", method: str = "GET", **changed: Any) -> Any:
    proof = key.proof(method, uri, **{"token": token, **changed})
    return ("DPoP", token, {"headers": [(b"dpop", proof.encode())]})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rule_275_each_algorithm_and_only_the_allowed_ones(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    key = DpopKey(algorithm)
    token = bound(key)
    caller = Caller(monkeypatch)
    assert caller.ask(with_proof(token, key), with_proof(token, key)) == [None, None]
    others = tuple(each for each in ALGORITHMS if each != algorithm)
    assert Caller(monkeypatch, dpop_algorithms=others).ask(with_proof(token, key)) == [InvalidDpopProof]


HEADERS: list[dict[str, Any]] = [
    {"typ": "JWT"}, {"typ": None}, {"alg": "none"}, {"alg": "HS256"}, {"alg": ["ES256"]}, {"alg": "EdDSA"},
    {"jwk": None}, {"jwk": "x"}, {"jwk": {}}, {"jwk": KEY.private}, {"jwk": {"kty": "oct", "k": "AAAA"}},
    {"crit": ["b64"], "b64": False}, {"jwk": KEY.public | {"x": 7}}, {"jwk": KEY.public | {"alg": "RS256"}},
]  # fmt: skip
CLAIMS: list[dict[str, Any]] = [
    {"htm": "POST"}, {"htm": None}, {"htm": "get"}, {"htu": f"{BASE}/b"}, {"htu": "https://orders.example/a"},
    {"htu": "http://orders.example/shop/a"}, {"htu": f"{BASE}/a/"}, {"htu": f"{BASE}/./a"}, {"htu": None},
    {"htu": "https://x@orders.example/shop/a"}, {"htu": 7}, {"jti": None}, {"jti": ""}, {"jti": "x" * 257}, {"jti": 7},
    {"iat": None}, {"iat": True}, {"iat": "1"}, {"iat": 0}, {"iat": 10**15}, {"ath": None}, {"ath": "x"}, {"ath": 7},
]  # fmt: skip


def test_rule_275_unsound_proofs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = bound()
    sent = [with_proof(token, header=header) for header in HEADERS]
    sent += [with_proof(token, **changed) for changed in CLAIMS]
    raw = KEY.proof("GET", f"{BASE}/a", token=token)
    for value in ("", "x", "a.b.c", raw + ".x", raw[:-4] + "AAAA", raw + "=", "x" * 4_097, raw.replace(".", "..")):
        sent.append(("DPoP", token, {"headers": [(b"dpop", value.encode())]}))
    for headers in ([], [(b"dpop", raw.encode())] * 2):
        sent.append(("DPoP", token, {"headers": headers}))
    found = Caller(monkeypatch).ask(*sent)
    for request, error in zip(sent, found, strict=True):
        assert error in (InvalidDpopProof, InvalidToken), request
    assert Caller(monkeypatch).ask(with_proof(token)) == [None]


def test_rule_276_the_uri_is_that_of_the_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared after normalisation: RFC 3986 §6.2.2 and §6.2.3."""
    token = bound()

    def ask(uri: str, raw_path: bytes | None, path: str = "/a") -> Any:
        scheme, value, scope = with_proof(token, uri=uri)
        return (scheme, value, scope | {"raw_path": raw_path, "path": path})

    good = [
        (f"{BASE}/a?x=1#f", b"/a"), ("HTTPS://ORDERS.example:443/shop/a", b"/a"), (f"{BASE}/%61", b"/a"),
        (f"{BASE}/a%2fb", b"/a%2Fb"), (f"{BASE}/%C3%A9", b"/%c3%a9"), (f"{BASE}/a;b=1,c", b"/a;b=1,c"),
    ]  # fmt: skip
    assert Caller(monkeypatch).ask(*(ask(uri, path) for uri, path in good)) == [None] * len(good)
    assert Caller(monkeypatch).ask(ask(f"{BASE}/%C3%A9%20x", None, "/é x")) == [None]
    bad = [(f"{BASE}/a/b", b"/a%2Fb"), (f"{BASE}/a", b"/A"), (f"{BASE}:8443/a", b"/a"), (f"{BASE}/a", b"/../shop/a")]
    assert Caller(monkeypatch).ask(*(ask(uri, path) for uri, path in bad)) == [InvalidDpopProof] * len(bad)


def test_rule_277_a_proof_is_accepted_once_and_near_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    token, now = bound(), int(time.time())
    once = with_proof(token, jti="same")
    assert Caller(monkeypatch).ask(once, once, with_proof(token, jti="same"), with_proof(token)) == [
        None, InvalidDpopProof, InvalidDpopProof, None,
    ]  # fmt: skip
    late = [with_proof(token, iat=now + off) for off in (-80, -50, 50, 80)]
    assert Caller(monkeypatch).ask(*late) == [InvalidDpopProof, None, None, InvalidDpopProof]
    another = bound(DpopKey(), "t3")
    assert Caller(monkeypatch).ask(with_proof(token), with_proof(another)) == [None, InvalidToken]


def test_rule_277_used_proofs_are_bounded_and_none_is_forgotten_early(monkeypatch: pytest.MonkeyPatch) -> None:
    token = bound()
    first = with_proof(token)
    sent = (first, with_proof(token), with_proof(token), first)
    assert Caller(monkeypatch, max_proofs=2).ask(*sent) == [None, None, TemporarilyUnavailable, InvalidDpopProof]


def test_rule_277_processes_may_share_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, int] = {}

    def use(id: str, seconds: int) -> bool:
        return known.setdefault(id, len(known)) == len(known) - 1 and seconds == 121

    async def use_async(id: str, seconds: int) -> bool:
        await asyncio.sleep(0)
        return use(id, seconds)

    def broken(id: str, seconds: int) -> bool:
        raise ConnectionError

    token, stores = bound(), (use, use_async)
    for store in stores:
        known.clear()
        request = with_proof(token)
        assert Caller(monkeypatch, use_proof=store).ask(request) == [None]
        known["another"] = len(known)
        assert Caller(monkeypatch, use_proof=store).ask(request) == [InvalidDpopProof], "in another process"
    for unsure in (broken, lambda id, seconds: None, lambda id, seconds: 1):
        assert Caller(monkeypatch, use_proof=unsure).ask(with_proof(token)) == [TemporarilyUnavailable]


@pytest.mark.skipif(redis.binary() is None, reason=redis.ABSENT)
def test_rule_277_the_store_of_the_readme_knows_used_proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, shared = redis.KeyValueServer(tmp_path).start(), with_proof(bound())
    monkeypatch.setenv("PROOFS_URL", server.url)

    def process() -> list[type[GuardError] | None]:
        """What one process answers to a proof that the other may have seen."""
        given: dict[str, Any] = {}
        exec(snippets()["store"], given)

        async def use_proof(id: str, seconds: int) -> object:
            try:
                return await given["use_proof"](id, seconds)
            finally:
                # The event loop ends with this "process".
                await given["store"].aclose()

        return Caller(monkeypatch, use_proof=use_proof).ask(shared, with_proof(bound()))

    try:
        assert [process(), process()] == [[None, None], [InvalidDpopProof, None]]
    finally:
        server.stop()
    assert process() == [TemporarilyUnavailable, TemporarilyUnavailable]


def test_rule_280_there_is_no_downgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    token, plain = bound(), access_token("t2").decode()
    bearer = [("Bearer", each[1], each[2]) for each in (with_proof(token), with_proof(plain))]
    asked = Caller(monkeypatch).ask(*bearer, with_proof(plain), with_proof(token))
    assert asked == [InvalidToken, None, InvalidToken, None]
    without = Caller(monkeypatch, base_url=None).ask(with_proof(token), *bearer)
    assert without == [MissingToken, InvalidToken, None]


def test_rule_280_the_check_from_memory_never_passes_a_bound_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """`judge` is what middleware asks first; the token is known there already."""
    caller, token = Caller(monkeypatch), bound()

    async def main() -> None:
        guard = Guard(caller.settings)
        scheme, value, scope = with_proof(token)
        full = {"method": "GET", "path": "/a", "raw_path": b"/a"} | scope
        await guard.authenticate(f"{scheme} {value}".encode(), None, (), lambda: presented_by(full, caller.settings))
        with pytest.raises(SenderConstrained):
            guard.judge(token.encode(), None)
        with pytest.raises(InvalidToken):
            await guard.authenticate(f"DPoP {token}".encode(), None)
        await guard.stop()

    asyncio.run(main())


@pytest.mark.parametrize(
    "cnf", [{}, [], None, {"jkt": "x"}, {"jkt": 7}, {"x5t#S256": ""}, {"jkt": KEY.thumbprint, "kid": "x"}, {"jwk": {}}]
)
def test_bindings_that_are_not_understood_are_refused(monkeypatch: pytest.MonkeyPatch, cnf: object) -> None:
    token = access_token("t2", cnf=cnf).decode()
    assert Caller(monkeypatch).ask(with_proof(token), ("Bearer", token, {})) == [InvalidToken, InvalidToken]


def tls(*certificates: ClientCertificate) -> dict[str, Any]:
    return {"extensions": {"tls": {"client_cert_chain": [one.pem for one in certificates]}}}


def header(*fields: tuple[str, str]) -> dict[str, Any]:
    return {"headers": [(name.lower().encode(), value.encode()) for name, value in fields]}


def test_rule_285_a_certificate_counts_only_from_where_the_operator_says(monkeypatch: pytest.MonkeyPatch) -> None:
    token = access_token("t2", cnf={"x5t#S256": CERTIFICATE.thumbprint}).decode()
    (rfc,), (escaped,) = CERTIFICATE.rfc_9440, CERTIFICATE.escaped
    scopes = [header(rfc), header(escaped), tls(CERTIFICATE), tls(CERTIFICATE, OTHER)]
    requests = [("Bearer", token, scope) for scope in scopes]
    assert Caller(monkeypatch).ask(*requests) == [InvalidToken] * 4
    by_header = Caller(monkeypatch, client_cert_header="Client-Cert")
    assert by_header.ask(*requests) == [None, None, InvalidToken, InvalidToken]
    by_server = Caller(monkeypatch, client_cert_extension=True)
    assert by_server.ask(*requests) == [InvalidToken, InvalidToken, None, None]
    wrong = [*(header(one) for one in OTHER.rfc_9440), header(rfc, escaped), header(("client-cert", "x")), header(),
             header(("client-cert", f"{escaped[1]}{escaped[1]}")), header(("client-cert", ":AAAA:"))]  # fmt: skip
    assert by_header.ask(*(("Bearer", token, scope) for scope in wrong)) == [InvalidToken] * len(wrong)
    for others in (tls(OTHER), tls(), tls(OTHER, CERTIFICATE), {"extensions": None}):
        assert by_server.ask(("Bearer", token, others)) == [InvalidToken]


def test_rule_285_an_expired_certificate_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller(monkeypatch, client_cert_header="Client-Cert")
    for expired in (ClientCertificate(days=-1), ClientCertificate(days=3, starts_in_days=1)):
        token = access_token("t2", cnf={"x5t#S256": expired.thumbprint}).decode()
        assert caller.ask(("Bearer", token, header(*expired.rfc_9440))) == [InvalidToken]


def test_a_token_bound_to_both_needs_both(monkeypatch: pytest.MonkeyPatch) -> None:
    token = access_token("t2", cnf={"jkt": KEY.thumbprint, "x5t#S256": CERTIFICATE.thumbprint}).decode()
    caller = Caller(monkeypatch, client_cert_extension=True)
    scheme, value, scope = with_proof(token)
    asked = ((scheme, value, scope), ("Bearer", value, tls(CERTIFICATE)), (scheme, value, scope | tls(CERTIFICATE)))
    assert caller.ask(*asked) == [InvalidToken, InvalidToken, None]


def test_wsgi_sees_the_same_request() -> None:
    settings = replace(SETTINGS, base_url=BASE, client_cert_header="X-Client-Cert")
    environ = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/a", "PATH_INFO": "/é;x b".encode().decode("latin-1"),
               "HTTP_DPOP": "p", "HTTP_X_CLIENT_CERT": "c"}  # fmt: skip
    seen = presented_by_wsgi(environ, settings)
    assert seen == ("POST", "/a/%C3%A9;x%20b", (b"p",), (b"c",))


SETTINGS_THAT_ARE_REFUSED: list[dict[str, Any]] = [
    {"base_url": "orders.example"}, {"base_url": "https://orders.example/"}, {"base_url": "https://x@orders.example"},
    {"base_url": "https://orders.example?x"}, {"dpop_algorithms": ()}, {"dpop_algorithms": ("HS256",)},
    {"dpop_window_s": 4}, {"dpop_window_s": 301}, {"max_proofs": 0}, {"client_cert_header": "a b"},
    {"client_cert_header": "Client-Cert", "client_cert_extension": True},
]  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS_THAT_ARE_REFUSED)
def test_unsafe_settings_are_refused(settings: dict[str, Any]) -> None:
    make: Callable[..., GuardSettings] = replace
    with pytest.raises(ValueError):
        make(SETTINGS, **settings)
