"""Checks that a token bound to a key or a certificate comes from its holder (RFC 9449 §4.3 and §7, RFC 8705 §3)."""

import hashlib
import hmac
from typing import NamedTuple

from linkxg_guard.certificates import read_certificate
from linkxg_guard.errors import InvalidDpopProof, InvalidToken
from linkxg_guard.jws import encode_segment
from linkxg_guard.principal import Confirmation
from linkxg_guard.proof import AnotherKey, Proof, read_proof
from linkxg_guard.settings import GuardSettings
from linkxg_guard.target_uri import normalise
from linkxg_guard.used_proofs import UsedProofs, ask_store


class PresentedRequest(NamedTuple):
    """What a request says about its sender. `path` is percent-encoded, as the caller sent it, without query."""

    method: str
    path: str
    proofs: tuple[bytes, ...] = ()
    """The values of its DPoP header."""
    certificates: tuple[bytes, ...] = ()
    """Only from where the settings trust."""


class SenderConstraint:
    """Without `base_url` no token that is bound to a key is accepted, and none of a certificate without its source."""

    def __init__(self, settings: GuardSettings) -> None:
        self.accepts_dpop = settings.base_url is not None
        self.algorithms = " ".join(settings.dpop_algorithms)
        self._settings = settings
        self._used = UsedProofs(settings.max_proofs)

    async def check(
        self, cnf: Confirmation | None, token: bytes, is_dpop: bool, request: PresentedRequest | None, moment: float
    ) -> None:
        """Raises InvalidToken, InvalidDpopProof or TemporarilyUnavailable. `moment` is by the clock of LinkXG."""
        if cnf is None:
            raise InvalidToken("a proof, and not bound to a key")
        if request is None:
            raise InvalidToken("bound, and nothing is known of the request")
        if cnf.x5t_s256 is not None:
            self._check_certificate(cnf.x5t_s256, request, moment)
        if (cnf.jkt is not None) is not is_dpop:
            raise InvalidToken("bound to a key, without a proof" if cnf.jkt else "a proof, and not bound to a key")
        if cnf.jkt is not None:
            proof = self._read(cnf.jkt, request)
            self._compare(proof, token, request, moment)
            await self._use(cnf.jkt, proof)

    def _check_certificate(self, expected: str, request: PresentedRequest, moment: float) -> None:
        try:
            (value,) = request.certificates
            found = read_certificate(value)
        except ValueError:
            raise InvalidToken("not one certificate") from None
        if not hmac.compare_digest(found.thumbprint, expected):
            raise InvalidToken("another certificate")
        if not found.not_before <= moment <= found.not_after:
            raise InvalidToken("the certificate is not valid now")

    def _read(self, thumbprint: str, request: PresentedRequest) -> Proof:
        if not self.accepts_dpop:
            raise InvalidToken("bound to a key, and there is no base_url")
        if len(request.proofs) != 1:
            raise InvalidDpopProof(f"{len(request.proofs)} DPoP headers")
        try:
            return read_proof(request.proofs[0], self._settings.dpop_algorithms, thumbprint)
        except AnotherKey:
            raise InvalidToken("bound to another key") from None
        except ValueError as error:
            raise InvalidDpopProof(str(error)) from None

    def _compare(self, proof: Proof, token: bytes, request: PresentedRequest, moment: float) -> None:
        settings = self._settings
        if proof.method != request.method:
            raise InvalidDpopProof("htm")
        given = normalise(proof.uri)
        if given is None or given != normalise(f"{settings.base_url}{request.path}"):
            raise InvalidDpopProof("htu")
        if abs(proof.issued_at - moment) > settings.dpop_window_s:
            raise InvalidDpopProof("iat")
        if proof.token_digest != encode_segment(hashlib.sha256(token).digest()).decode():
            raise InvalidDpopProof("ath")

    async def _use(self, thumbprint: str, proof: Proof) -> None:
        named = f"{thumbprint} {proof.jti}".encode("utf-8", "surrogatepass")
        id = encode_segment(hashlib.sha256(named).digest()).decode()
        # From the earliest to the latest moment at which it is accepted; one more for the rounding of clocks.
        keep_s = 2 * self._settings.dpop_window_s + 1
        store = self._settings.use_proof
        if not (self._used.use(id, keep_s) if store is None else await ask_store(store, id, keep_s)):
            raise InvalidDpopProof("used before")
