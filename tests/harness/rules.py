"""Checks of security rules U1 to U11 and 105, which hold for every response (docs/security-rules.md)."""

from __future__ import annotations

import re

from harness.answers import Answer
from harness.vault import Vault, shapes_in

API = "/api/v1"
SCIM = "/scim/"
DATA = (f"{API}/oauth", f"{API}/auth", f"{API}/account", f"{API}/products", "/.well-known")
PLAIN = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
CHALLENGE = re.compile(r"[A-Za-z][A-Za-z0-9-]*( +[A-Za-z0-9_-]+=.*| +[A-Za-z0-9._~+/-]+=*)?")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
JSON_TYPE = re.compile(r"application/json(; ?charset=utf-8)?", re.IGNORECASE)
PROBLEM_TYPE = "application/problem+json"
PROBLEM_MEMBERS = frozenset({"type", "title", "status", "detail"})
EN_18222 = frozenset({"statusCode", "message"})
HEADER_LIMIT = 8 * 1024
SINGLE = ("content-type", "content-length", "x-request-id", "location", "retry-after", "etag")
INTERNALS = re.compile(
    rb"Traceback \(most recent|site-packages|/(usr|home|root|srv|tmp|opt|var)/[\w.]|\.py\b|\.sqlite|"
    rb"sqlite3|sqlalchemy|asyncpg|psycopg|alembic|litestar|uvicorn|starlette|msgspec|joserfc|CPython|"
    rb"\bSELECT \S+ ?.* FROM\b|INSERT INTO|UPDATE \w+ SET|DELETE FROM|UNIQUE constraint|0x[0-9a-f]{8,}",
    re.IGNORECASE,
)
CRASH = re.compile(rb"Traceback \(most recent|site-packages/")
BANNER = re.compile(r"uvicorn|litestar|starlette|python|hypercorn|/\d+\.\d", re.IGNORECASE)


class RuleBroken(AssertionError):
    """A response breaks a security rule; the message names it."""


def check(answer: Answer, vault: Vault, *, reveals: bool, repeats: bool, allow_503: bool) -> None:
    """Raise RuleBroken at the first rule that the response breaks."""
    _u1_no_server_error(answer, allow_503)
    _u7_no_internals(answer)
    _u11_clean_headers(answer)
    _u6_no_echo(answer, vault, reveals=reveals, repeats=repeats)
    if answer.framing:
        return
    _u8_browser_headers(answer)
    _u10_request_id(answer)
    _u4_no_store(answer)
    _u5_challenge(answer)
    _u9_allow(answer)
    _u2_u3_body(answer)
    _105_retry_after(answer)


def _require(condition: bool, rule: str, what: str, answer: Answer) -> None:
    if not condition:
        raise RuleBroken(f"security rule {rule}: {what}\n{answer}\n{dict(answer.fields)}")


def _u1_no_server_error(answer: Answer, allow_503: bool) -> None:
    unavailable = allow_503 and answer.status == 503
    # RFC 9112 §6.1 names 501 for a transfer coding that is not known.
    unread = answer.status == 501 and answer.error in ("not_implemented", "scim")
    _require(answer.status < 500 or unavailable or unread, "U1", "a server error", answer)


def _u2_u3_body(answer: Answer) -> None:
    if answer.method == "HEAD" or answer.status in {204, 304}:
        _require(answer.body == b"", "U3", "a body where none may be", answer)
        return
    media_type = answer.header("content-type") or ""
    if answer.path.startswith(SCIM):
        _u2_u3_scim(answer, media_type)
    elif answer.status >= 400 and media_type == PROBLEM_TYPE:
        _require(not answer.path.startswith(f"{API}/oauth"), "U3", "a problem where RFC 6749 rules", answer)
        _u2_error_shape(answer, PROBLEM_MEMBERS)
    elif answer.status >= 400:
        _require(JSON_TYPE.fullmatch(media_type) is not None, "U3", f"an error as {media_type!r}", answer)
        _u2_error_shape(answer, EN_18222 if answer.path.startswith("/v1/") else frozenset())
    elif JSON_TYPE.fullmatch(media_type):
        _is_json(answer)
    else:
        _require(answer.body == b"" or bool(media_type), "U3", "a body without a type", answer)
        _require(not _is_api_data(answer.path), "U3", f"data as {media_type!r}", answer)


def _u2_u3_scim(answer: Answer, media_type: str) -> None:
    """RFC 7644 §3.1 and §3.12."""
    _require(media_type == "application/scim+json", "U3", f"SCIM as {media_type!r}", answer)
    _is_json(answer)
    if answer.status >= 400:
        body = answer.json()
        good = body.get("schemas") == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        _require(good and body.get("status") == str(answer.status), "U2", "no SCIM error", answer)
        _require(PLAIN.fullmatch(body["detail"]) is not None, "U2", f"detail is {body['detail']!r}", answer)
        _require(body.keys() <= {"schemas", "status", "scimType", "detail"}, "U2", "unexpected members", answer)


def _is_api_data(path: str) -> bool:
    """Whether this path answers with data, not with a page for a browser."""
    return path.startswith(DATA)


def _is_json(answer: Answer) -> None:
    try:
        answer.json()
    except (ValueError, AssertionError) as problem:
        raise RuleBroken(f"security rule U3: a body that is no JSON ({problem})\n{answer}") from problem


def _u2_error_shape(answer: Answer, extra: frozenset[str] = frozenset()) -> None:
    _is_json(answer)
    body = answer.json()
    _require(isinstance(body, dict), "U2", "an error that is no object", answer)
    for name in ("error", "error_description"):
        text = body.get(name)
        good = isinstance(text, str) and PLAIN.fullmatch(text) is not None
        _require(good, "U2", f"{name} is {text!r}", answer)
    allowed = {"error", "error_description"}
    if not answer.path.startswith(f"{API}/oauth"):
        allowed |= {"success", "details", "requestId", *extra}
        if answer.error in ("mfa_required", "mfa_enrollment_required"):
            allowed |= {"mfaToken", "methods"}
        _require(body.get("success", False) is False, "U2", "an error that claims success", answer)
    _require(body.keys() <= allowed, "U2", f"unexpected members {body.keys() - allowed}", answer)


def _u4_no_store(answer: Answer) -> None:
    path = answer.path.partition("?")[0]
    if path.startswith((f"{API}/oauth/", f"{API}/auth/")):
        directives = (answer.header("cache-control") or "").replace(" ", "").split(",")
        _require("no-store" in directives, "U4", "no Cache-Control: no-store", answer)
    if path == f"{API}/oauth/token" and answer.method == "POST":
        _require(answer.header("pragma") == "no-cache", "U4", "no Pragma: no-cache", answer)


def _u5_challenge(answer: Answer) -> None:
    if answer.status == 401:
        challenges = answer.values("www-authenticate")
        good = bool(challenges) and all(CHALLENGE.fullmatch(value) for value in challenges)
        _require(good, "U5", f"challenges {challenges}", answer)


def _u6_no_echo(answer: Answer, vault: Vault, *, reveals: bool, repeats: bool) -> None:
    head = "\n".join(f"{name}: {value}" for name, value in answer.fields)
    everything = head.encode() + b"\n\n" + answer.body
    if not repeats:
        # New secrets are registered after this check: what is known by now must not come back.
        echoed = vault.found_in(everything)
        _require(not echoed, "U6", f"echoes {echoed}", answer)
    if not reveals and not repeats:
        shapes = [shape[:16] for shape in shapes_in(everything)]
        _require(not shapes, "U6", f"hands out a credential unasked: {shapes}", answer)


def _u7_no_internals(answer: Answer) -> None:
    pattern = INTERNALS if answer.status >= 400 else CRASH
    match = pattern.search(answer.body)
    _require(match is None, "U7", f"reveals internals: {match and match.group()!r}", answer)
    banners = [value for name in ("server", "x-powered-by", "via") for value in answer.values(name)]
    _require(not any(BANNER.search(value) for value in banners), "U7", f"banner {banners}", answer)


def _u8_browser_headers(answer: Answer) -> None:
    _require(answer.values("x-content-type-options") == ["nosniff"], "U8", "no nosniff", answer)
    allowed_origins = answer.values("access-control-allow-origin")
    if answer.sent_origin is not None:
        _require(answer.sent_origin not in allowed_origins, "U8", "reflects the Origin", answer)
    if allowed_origins:
        _require(not answer.values("access-control-allow-credentials"), "U8", "CORS with credentials", answer)
    if answer.secure:
        hsts = answer.header("strict-transport-security") or ""
        age = re.search(r"max-age=(\d+)", hsts)
        good = age is not None and int(age.group(1)) >= 31_536_000 and "includesubdomains" in hsts.lower()
        _require(good, "U8", f"Strict-Transport-Security is {hsts!r}", answer)


def _u9_allow(answer: Answer) -> None:
    if answer.status == 405:
        methods = [part.strip() for part in (answer.header("allow") or "").split(",") if part.strip()]
        good = bool(methods) and answer.method not in methods
        _require(good, "U9", f"Allow is {methods}", answer)


def _u10_request_id(answer: Answer) -> None:
    ids = answer.values("x-request-id")
    good = len(ids) == 1 and REQUEST_ID.fullmatch(ids[0]) is not None
    _require(good, "U10", f"X-Request-Id is {ids}", answer)
    _require(answer.sent_request_id not in ids, "U10", "takes the caller's request id", answer)


def _u11_clean_headers(answer: Answer) -> None:
    names = [name for name, _ in answer.fields]
    for name, value in answer.fields:
        clean = len(value) <= HEADER_LIMIT and all(" " <= char <= "~" for char in value)
        _require(clean, "U11", f"header {name} is {value!r}", answer)
    for name in SINGLE:
        _require(names.count(name) <= 1, "U11", f"{name} occurs {names.count(name)} times", answer)
    _require("x-injected" not in names, "U11", "a header made by the caller", answer)


def _105_retry_after(answer: Answer) -> None:
    if answer.status in {429, 503}:
        wait = answer.header("retry-after") or ""
        _require(wait.isdigit() and int(wait) >= 1, "105", f"Retry-After is {wait!r}", answer)
    if answer.status == 429:
        _require(answer.error in ("rate_limit_exceeded", "scim"), "105", "another error code", answer)
        fields = answer.header("ratelimit"), answer.header("ratelimit-policy")
        _require(all(fields), "105", f"RateLimit fields are {fields}", answer)
