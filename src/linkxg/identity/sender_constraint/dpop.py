"""Verifies the DPoP proof of a request at the token endpoint and at the API (RFC 9449 §4.3, §7, §8, §9).

Each proof needs a nonce of this server and a current `iat`, and is accepted once.
"""

import hashlib
import time
from typing import NamedTuple

from linkxg.crypto.jwt import b64url
from linkxg.db import Database
from linkxg.errors import InvalidDpopProof, PublicError, RejectedDpopProof, RequiredDpopNonce, UseDpopNonce
from linkxg.http.request_context import RequestContext
from linkxg.identity.sender_constraint.nonces import RENEW_AFTER_STEPS, Nonces
from linkxg.identity.sender_constraint.proof import DpopProof, MalformedProof, read_proof
from linkxg.identity.sender_constraint.target_uri import normalise
from linkxg.identity.sender_constraint.used_proofs_store import use_proof
from linkxg.rejection_causes import Cause

HEADER = b"dpop"
WINDOW_S = 60
"""How far the `iat` may be from this server's clock, either way."""
_KEEP_MS = 4 * WINDOW_S * 1_000
"""Of used proofs: longer than any is accepted, by whichever node's clock."""


class VerifiedProof(NamedTuple):
    """A proof that fits its request, and is still to be used up."""

    thumbprint: str
    digest: bytes


class DpopProofs:
    """`origins` are the base URLs at which this service is reached."""

    def __init__(self, database: Database, server_key: bytes, origins: tuple[str, ...]) -> None:
        self._database = database
        self._origins = origins
        self._nonces = Nonces(server_key)

    def verify(self, context: RequestContext, token: bytes | None = None) -> VerifiedProof:
        """The proof of this request, for `token` if one is presented with it.

        Raises InvalidDpopProof or UseDpopNonce; with a token, the same of a protected resource.
        """
        values = [value for name, value in context.headers if name == HEADER]
        try:
            if len(values) != 1:
                raise MalformedProof("Send exactly one DPoP header." if values else "The DPoP proof is missing.")
            proof = read_proof(values[0])
            self._compare(proof, context, token)
        except MalformedProof as error:
            refuse = InvalidDpopProof if token is None else RejectedDpopProof
            raise refuse(str(error), reason=str(error), headers=self._nonce_header()) from None
        age = self._nonces.age(proof.nonce)
        if age is None:
            raise (UseDpopNonce if token is None else RequiredDpopNonce)(headers=self._nonce_header())
        if token is None or age >= RENEW_AFTER_STEPS:
            context.add_answer_field(b"dpop-nonce", self._nonces.current().encode())
        return VerifiedProof(
            proof.thumbprint,
            hashlib.sha256(f"{proof.thumbprint} {proof.jti}".encode()).digest(),
        )

    async def use(self, account_id: str, proof: VerifiedProof, *, at_resource: bool) -> None:
        """Use the proof up. Raises InvalidDpopProof, or RejectedDpopProof at a resource, if it was used before."""
        expires_at = int(time.time() * 1_000) + _KEEP_MS
        if not await self._database.execute_single(use_proof, account_id, proof.digest, expires_at):
            refuse: type[PublicError] = RejectedDpopProof if at_resource else InvalidDpopProof
            raise refuse(
                "The DPoP proof was used before: send each proof once.",
                reason="proof replayed",
                cause=Cause.PROOF_INVALID,
            )

    def _compare(self, proof: DpopProof, context: RequestContext, token: bytes | None) -> None:
        """Raises MalformedProof unless the proof is for this request, now, and for this token."""
        if proof.method != context.method:
            raise MalformedProof("The htm of the DPoP proof is not the method of the request.")
        given, path = normalise(proof.uri), context.path
        if given is None or all(given != normalise(origin + path) for origin in self._origins):
            raise MalformedProof("The htu of the DPoP proof is not the URI of the request.")
        if abs(proof.issued_at - time.time()) > WINDOW_S:
            raise MalformedProof("The iat of the DPoP proof is too old or in the future: check the clock.")
        if token is not None and proof.token_digest != b64url(hashlib.sha256(token).digest()).decode():
            raise MalformedProof("The ath of the DPoP proof is not the hash of the access token.")

    def _nonce_header(self) -> dict[str, str]:
        return {"DPoP-Nonce": self._nonces.current()}
