"""Reads one passport, with one function behind the router's routes and the edge's fast path.

The edge itself answers a GET without parameters and conditions, which is what phones and registries send.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from litestar.datastructures.headers import Accept

from linkxg.db import Database
from linkxg.errors import NotAcceptable, PreconditionFailed, PublicError
from linkxg.http.etags import Conditions
from linkxg.http.pagination import Cursors
from linkxg.http.permissions import public_or_scope
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import RawResponse, RequestContext
from linkxg.identity.tokens.guard import Guard
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.media_types import HTML, JSON, TYPES
from linkxg.network.passports.pages.vocabulary_texts import LANGUAGES
from linkxg.network.passports.read.public_passports import PublicPassports, encoded
from linkxg.network.passports.read.read_passport import NEWEST, read_passport
from linkxg.network.passports.read.representation import Representations, headers_of
from linkxg.network.passports.read.store import Edition

PASSPORT_READS = Budget("passport-reads", 600, 60)
READ_OPTIONS = public_or_scope("dpp:read", PASSPORT_READS)
"""What the routes that read passports declare."""
_UNCONDITIONAL = Conditions(None, None)
_TRACES = "traceability:read"
Refuse = Callable[[PublicError, RequestContext], RawResponse]
_KEPT, _KEPT_LENGTH = 256, 512
"""Preferences that are remembered, and bytes of one."""


@dataclass(frozen=True, slots=True)
class PassportServices:
    database: Database
    cursors: Cursors
    addresses: Addresses
    representations: Representations
    public: PublicPassports


def viewer_of(context: RequestContext) -> str | None:
    """The account of the caller; None without a token."""
    return None if context.principal is None else str(context.principal.account_id)


def trace_reader_of(context: RequestContext) -> str | None:
    """The account of a caller who may also read traces."""
    return viewer_of(context) if context.principal and _TRACES in context.principal.scopes else None


async def get_passport(
    services: PassportServices,
    context: RequestContext,
    passport_id: str,
    edition: Edition = NEWEST,
    conditions: Conditions = _UNCONDITIONAL,
    language: str | None = None,
) -> RawResponse:
    """The passport as the caller may see it. Caches may keep only what is public.

    Raises NotFound, NotAcceptable or PreconditionFailed.
    """
    media_type, viewer = media_type_of(context), viewer_of(context)
    language = language_of(context, media_type, language)
    if viewer is None and edition == NEWEST:
        found = await services.public.read(passport_id, media_type, language)
    else:
        redacted = await read_passport(services.database, passport_id, viewer, edition)
        body = await services.representations.encode(redacted, media_type, language, trace_reader_of(context))
        found = encoded(body, media_type)
    if not conditions.is_meant(found.etag):
        raise PreconditionFailed
    headers = [
        (b"etag", found.etag.encode()),
        (b"vary", b"accept, accept-language, authorization"),
        (b"cache-control", b"public, max-age=60" if viewer is None else b"private, no-cache"),
        (b"access-control-allow-origin", b"*"),
    ]
    own = [(name.encode(), value.encode()) for name, value in headers_of(media_type, language).items()]
    if conditions.is_fresh(found.etag):
        return RawResponse(304, b"", headers)
    return RawResponse(200, found.body, [*own, *headers])


def media_type_of(context: RequestContext) -> str:
    """The type that the client prefers, JSON without a preference. Raises NotAcceptable."""
    accepted = context.header(b"accept")
    if not accepted or accepted == b"*/*":
        return JSON
    negotiate = _negotiate_known if len(accepted) <= _KEPT_LENGTH else _negotiate
    found = negotiate(accepted)
    if found is None:
        raise NotAcceptable(f"A passport is available as {', '.join(TYPES)}.")
    return found


def _negotiate(accepted: bytes) -> str | None:
    return Accept(accepted.decode("latin-1")).best_match(list(TYPES))


_negotiate_known = lru_cache(_KEPT)(_negotiate)
"""Parsing takes a tenth of the time of an answer, and most browsers send the same."""


def language_of(context: RequestContext, media_type: str, chosen: str | None = None) -> str:
    """The language of a page: the chosen one, or else the first that the reader prefers. Other media types have one."""
    if media_type == HTML and chosen in LANGUAGES:
        return str(chosen)
    accepted = (context.header(b"accept-language") or b"").decode("latin-1") if media_type == HTML else ""
    preferred = (one.partition(";")[0].strip()[:2].lower() for one in accepted.split(","))
    return next((one for one in preferred if one in LANGUAGES), LANGUAGES[0])


class ReadPassportEndpoint:
    """The fast path of `GET /dpp/{id}`."""

    def __init__(self, services: PassportServices, guard: Guard, refuse: Refuse) -> None:
        self._services, self._guard, self._refuse = services, guard, refuse

    async def __call__(self, context: RequestContext) -> RawResponse:
        opt: dict[str, Any] = READ_OPTIONS["opt"]
        try:
            await self._guard.admit_anybody(context, opt)
            return await get_passport(self._services, context, context.argument)
        except PublicError as error:
            return self._refuse(error, context)
