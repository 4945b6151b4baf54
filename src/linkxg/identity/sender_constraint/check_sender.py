"""Checks that a token bound to a key or a certificate comes from its holder (RFC 9449 §7.1, RFC 8705 §3)."""

from linkxg.crypto.secrets import constant_time_equal
from linkxg.db import Database
from linkxg.errors import CertificateRequired, ProofRequired, RejectedDpopProof
from linkxg.http.client_ip import ClientAddresses
from linkxg.http.request_context import RequestContext
from linkxg.identity.sender_constraint.client_certificate import CertificateReader
from linkxg.identity.sender_constraint.dpop import DpopProofs, VerifiedProof
from linkxg.rejection_causes import Cause


class SenderConstraint:
    """What the guard asks about a token; thumbprints are those of its `cnf`, None if it is not bound."""

    def __init__(self, proofs: DpopProofs, certificates: CertificateReader) -> None:
        self.proofs = proofs
        self.certificates = certificates

    def check_scheme(self, thumbprint: str | None, *, is_dpop: bool) -> None:
        """Raises ProofRequired for a bound token as a plain Bearer token (a downgrade), and for the reverse."""
        if thumbprint is not None and not is_dpop:
            raise ProofRequired(reason="bound token without proof", cause=Cause.PROOF_INVALID)
        if thumbprint is None and is_dpop:
            raise ProofRequired(
                "The token is not bound to a key: send it with the scheme Bearer, or request a bound one.",
                reason="DPoP with an unbound token",
            )

    def check_certificate(self, context: RequestContext, thumbprint: str) -> None:
        """Raises CertificateRequired unless the request came with this certificate, and it is valid."""
        presented = self.certificates.read(context)
        if presented is None or not constant_time_equal(presented.thumbprint.encode(), thumbprint.encode()):
            raise CertificateRequired(
                reason="no certificate" if presented is None else "another certificate",
                cause=Cause.CERTIFICATE_MISMATCH,
            )

    def verify_proof(self, context: RequestContext, thumbprint: str) -> VerifiedProof:
        """The proof of a request with a bound token. Raises ProofRequired, RejectedDpopProof or RequiredDpopNonce."""
        _, _, token = (context.header(b"authorization") or b"").partition(b" ")
        try:
            proof = self.proofs.verify(context, token.strip(b" "))
        except RejectedDpopProof as error:
            error.cause = Cause.PROOF_INVALID
            raise
        if not constant_time_equal(proof.thumbprint.encode(), thumbprint.encode()):
            raise ProofRequired(
                "The token is bound to another key than that of the DPoP proof.",
                reason="proof by another key",
                cause=Cause.PROOF_INVALID,
            )
        return proof


def sender_constraint(
    database: Database, server_key: bytes, origins: tuple[str, ...], header: str, addresses: ClientAddresses
) -> SenderConstraint:
    """For a service at these origins, whose trusted proxies report certificates in `header`, if at all."""
    proofs = DpopProofs(database, server_key, tuple(filter(None, origins)))
    return SenderConstraint(proofs, CertificateReader(header, addresses))
