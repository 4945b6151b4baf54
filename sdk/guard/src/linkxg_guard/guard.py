"""The guard: authenticates callers of this service by LinkXG's access tokens.

A token is verified once and then remembered by its digest. Expiry, revocation, address and scope are checked each time,
in memory. If the revocation feed has not been heard for `max_staleness_s`, everybody is refused.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import islice

from cryptography.exceptions import InvalidSignature

from linkxg_guard.authorization import SenderConstrained, read_bearer, read_token
from linkxg_guard.claims import read_claims
from linkxg_guard.clock import now
from linkxg_guard.connection import Connection
from linkxg_guard.errors import (
    GuardError,
    InsufficientScope,
    InvalidToken,
    MissingToken,
    TemporarilyUnavailable,
)
from linkxg_guard.feed import RevocationFeed
from linkxg_guard.introspection import Introspection
from linkxg_guard.jws import decode_segment, read_header, split
from linkxg_guard.key_set import KeySet
from linkxg_guard.principal import Principal
from linkxg_guard.public_keys import PublicKey
from linkxg_guard.revocations import Revocations
from linkxg_guard.sender import PresentedRequest, SenderConstraint
from linkxg_guard.settings import GuardSettings

_TYPES = ("at+jwt", "application/at+jwt")
_FIRST_ANSWER_S = 3.0
_MAX_HEADERS = 64


class Unknown(Exception):
    """The token cannot be judged from memory; `authenticate` asks LinkXG."""


class Guard:
    """One per process and event loop: `start` it before the first request, `stop` it at the end."""

    def __init__(self, settings: GuardSettings) -> None:
        self.settings = settings
        accepted = {settings.resource, settings.api} if settings.accept_api_tokens else {settings.resource}
        self._audiences = frozenset(accepted)
        self._max_staleness_s = settings.max_staleness_s
        self._sender = SenderConstraint(settings)
        self._verified: dict[bytes, Principal] = {}
        self._headers: dict[bytes, PublicKey] = {}
        self._follower: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the feed, in the running event loop; does nothing if it is followed already."""
        if self._follower is None or self._follower.done():
            self._connection = Connection(self.settings)
            self._keys = KeySet(self._connection)
            self.feed = RevocationFeed(self.settings, self._connection, self._keys)
            self._introspection = Introspection(self._connection)
            self._verified.clear()
            self._headers.clear()
            self._started_at = now()
            self._follower = asyncio.create_task(self.feed.follow(), name="linkxg-guard")

    async def stop(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
            self._follower = None
            await self._connection.close()

    @property
    def is_ready(self) -> bool:
        """Whether requests can be judged now; for a readiness probe."""
        return self._follower is not None and now() - self.feed.heard_at <= self.settings.max_staleness_s

    async def authenticate(
        self,
        authorization: bytes | None,
        source: str | None,
        scopes: Iterable[str] = (),
        request: Callable[[], PresentedRequest] | None = None,
    ) -> Principal:
        """The caller with this Authorization header, from this address, who has all of these scopes.

        Without `request`, tokens that are bound to a key or a certificate are invalid.
        Raises GuardError: MissingToken, InvalidRequest, InvalidToken, InvalidDpopProof, InsufficientScope or
        TemporarilyUnavailable.
        """
        try:
            caller = None if authorization is None else self.recall(authorization)
            if caller is None:
                token = read_bearer(authorization)
                self.start()
                caller = self.judge(token, source)
        except (Unknown, TemporarilyUnavailable, SenderConstrained):
            return await self._authenticate(authorization, source, scopes, request)
        require_scopes(caller, scopes)
        return caller

    async def _authenticate(
        self,
        authorization: bytes | None,
        source: str | None,
        scopes: Iterable[str],
        request: Callable[[], PresentedRequest] | None,
    ) -> Principal:
        """A caller whose token is unknown or bound, or who comes before the feed has been heard."""
        is_dpop, token = read_token(authorization)
        if is_dpop and not self._sender.accepts_dpop:
            raise MissingToken("another scheme")
        answers_dpop = is_dpop
        try:
            caller = await self._find(token, source)
            cnf = caller.cnf
            if is_dpop or cnf is not None:
                # The challenge to a plain Bearer token that should have had a proof says so.
                answers_dpop |= cnf is not None and cnf.jkt is not None and self._sender.accepts_dpop
                await self._sender.check(cnf, token, is_dpop, request and request(), now() + self.feed.offset)
                # To ask a store takes a while.
                self.recheck(caller, source)
            require_scopes(caller, scopes)
        except GuardError as error:
            if answers_dpop:
                error.for_dpop(self._sender.algorithms)
            raise
        return caller

    async def _find(self, token: bytes, source: str | None) -> Principal:
        self.start()
        if self.feed.current is None and (left := self._started_at + _FIRST_ANSWER_S - now()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.feed.heard.wait()
        try:
            return self.judge(token, source, bound=True)
        except Unknown:
            await self._learn(token)
            try:
                return self.judge(token, source, bound=True)
            except Unknown:
                raise InvalidToken("unknown key") from None

    def recall(self, authorization: bytes) -> Principal | None:
        """The caller whom `judge` has accepted by this header since the feed was read last, if nothing depends on more.

        None says nothing about the token. Whatever is not an exact repetition has another digest.
        """
        if self._follower is None or (revocations := self.feed.current) is None:
            return None
        found = revocations.accepted.get(sha256(authorization).digest())
        if found is None:
            return None
        caller, until = found
        moment = now()
        return caller if moment < until and moment - self.feed.heard_at <= self._max_staleness_s else None

    def judge(self, token: bytes, source: str | None, *, bound: bool = False) -> Principal:
        """The caller of a token that can be judged from memory. Raises Unknown, InvalidToken or TemporarilyUnavailable.

        Raises SenderConstrained for one that is bound to a key or certificate, unless the caller checks that (`bound`).
        May be called in any thread.
        """
        revocations, moment = self._fresh()
        digest = _digest(token)
        caller = self._verified.get(digest)
        if caller is None:
            caller = self._verify(token, revocations)
            self._check(caller, revocations, moment, source)
            self._remember(digest, caller)
        else:
            self._check(caller, revocations, moment, source)
        if caller.cnf is not None:
            if not bound:
                raise SenderConstrained
        elif not caller.networks and digest not in revocations.accepted:
            self._accept(digest, caller, revocations)
        return caller

    def _accept(self, digest: bytes, caller: Principal, revocations: Revocations) -> None:
        """Let `recall` find a caller until the feed is read again, or the token expires by the clock of LinkXG."""
        accepted = revocations.accepted
        if len(accepted) >= self.settings.max_tokens:
            accepted.clear()
        accepted[digest] = caller, caller.expires_at + self.settings.leeway_s - self.feed.offset

    def recheck(self, caller: Principal, source: str | None) -> None:
        """Judge a caller again, after a while. Raises InvalidToken or TemporarilyUnavailable."""
        revocations, moment = self._fresh()
        self._check(caller, revocations, moment, source)

    def _fresh(self) -> tuple[Revocations, float]:
        moment = now()
        if self._follower is None or moment - self.feed.heard_at > self.settings.max_staleness_s:
            raise TemporarilyUnavailable("the revocation feed is stale")
        assert self.feed.current is not None
        return self.feed.current, moment

    def _check(self, caller: Principal, revocations: Revocations, moment: float, source: str | None) -> None:
        # By the clock of LinkXG.
        if moment + self.feed.offset >= caller.expires_at + self.settings.leeway_s:
            raise InvalidToken("expired")
        reason = revocations.find(caller)
        if reason is not None:
            raise InvalidToken(reason)
        if caller.networks and not caller.allows(source):
            raise InvalidToken("address not allowed")

    def _verify(self, token: bytes, revocations: Revocations) -> Principal:
        try:
            header_segment, payload_segment, signature_segment = split(token)
            key = self._headers.get(header_segment)
            # A key set that is too old has no keys, and one that was read again has others.
            if key is None or self._keys.find(key.kid) is not key:
                key = self._find_key(header_segment, revocations)
            if key.kid not in revocations.keys:
                raise Unknown
            key.verify(decode_segment(signature_segment), header_segment + b"." + payload_segment)
            payload = decode_segment(payload_segment)
        except ValueError as error:
            raise InvalidToken(str(error)) from None
        except InvalidSignature:
            raise InvalidToken("signature") from None
        return self._read(payload, key.kid, revocations)

    def _find_key(self, header_segment: bytes, revocations: Revocations) -> PublicKey:
        """The key of a header; raises ValueError for one that no token has, Unknown if it needs LinkXG."""
        header = read_header(header_segment)
        if header.typ not in _TYPES or header.kid is None:
            raise ValueError("not the header of an access token")
        alg = revocations.keys.get(header.kid)
        if alg is not None and alg != header.alg:
            raise ValueError("the key is of another algorithm")
        key = self._keys.find(header.kid) if alg is not None and alg != "HS256" else None
        if key is None:
            raise Unknown
        if key.alg != alg:
            raise ValueError("the key is of another algorithm")
        if len(self._headers) >= _MAX_HEADERS:
            self._headers.clear()
        self._headers[header_segment] = key
        return key

    def _read(self, payload: bytes, kid: str, revocations: Revocations) -> Principal:
        settings = self.settings
        caller = read_claims(
            payload, issuer=settings.issuer, audiences=self._audiences, account_id=revocations.account_id, kid=kid
        )
        if caller.issued_at > now() + self.feed.offset + settings.leeway_s + 1:
            raise InvalidToken("issued in the future")
        return caller

    def _remember(self, digest: bytes, caller: Principal) -> None:
        verified, most = self._verified, self.settings.max_tokens
        if len(verified) >= most:
            # A share at once: to find its first key, a dictionary walks past the slots of all deleted ones. Another
            # thread may add one meanwhile; then the next token makes room.
            with contextlib.suppress(RuntimeError):
                for oldest in list(islice(verified, most // 64 + 1)):
                    verified.pop(oldest, None)
        verified[digest] = caller

    async def _learn(self, token: bytes) -> None:
        """Ask LinkXG for what is missing to judge the token. Raises InvalidToken or TemporarilyUnavailable."""
        try:
            header_segment, payload_segment, signature_segment = split(token)
            header = read_header(header_segment)
            decode_segment(payload_segment)
            decode_segment(signature_segment)
        except ValueError as error:
            raise InvalidToken(str(error)) from None
        assert header.kid is not None
        if header.kid not in self._fresh()[0].keys:
            # A key that was made just now is announced soon.
            await self.feed.refresh()
        revocations = self._fresh()[0]
        alg = revocations.keys.get(header.kid)
        if alg is None or alg != header.alg:
            raise InvalidToken("header of no live key")
        if alg != "HS256":
            if await self._keys.load(header.kid) is None:
                # Not the caller's fault: LinkXG names this key.
                raise TemporarilyUnavailable("the key cannot be read")
            return
        digest = _digest(token)
        jti = await self._introspection.find_jti(digest, token)
        if jti is None:
            raise InvalidToken("not active")
        # LinkXG has verified exactly these bytes, so their claims are genuine.
        try:
            caller = self._read(decode_segment(payload_segment), header.kid, revocations)
        except ValueError as error:
            raise InvalidToken(str(error)) from None
        if caller.jti != jti:
            raise InvalidToken("introspection is of another token")
        self._remember(digest, caller)


def _digest(token: bytes) -> bytes:
    """That of the usual header, so that nothing has to be cut out of it."""
    return sha256(b"Bearer " + token).digest()


def require_scopes(caller: Principal, scopes: Iterable[str]) -> None:
    """Raises InsufficientScope for the first that is missing; none implies another."""
    for scope in scopes:
        if scope not in caller.scopes:
            raise InsufficientScope(scope)


def list_scopes(scopes: str | Iterable[str]) -> tuple[str, ...]:
    """Scopes given as several texts, or as one with spaces between them (RFC 6749 §3.3)."""
    return tuple(scopes.split() if isinstance(scopes, str) else scopes)
