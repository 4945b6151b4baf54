"""Binds a new token to the key of the request's DPoP proof (RFC 9449 §5) and to the client's certificate (RFC 8705 §3).

A client without the options gets a token bound to a key if it sends a proof, and a plain one otherwise.
"""

from typing import NamedTuple

from linkxg.errors import InvalidClient, InvalidDpopProof
from linkxg.http.request_context import RequestContext
from linkxg.identity.clients.client_verifier import VerifiedClient
from linkxg.identity.clients.registered_certificates import find_registered
from linkxg.identity.sender_constraint.check_sender import SenderConstraint
from linkxg.identity.sender_constraint.dpop import HEADER, VerifiedProof
from linkxg.identity.tokens.model import Confirmation
from linkxg.rejection_causes import Cause


class Binding(NamedTuple):
    """`proof` is still to be used up."""

    confirmation: Confirmation | None
    certificate_id: str | None
    proof: VerifiedProof | None


_UNBOUND = Binding(None, None, None)


def bind_sender(senders: SenderConstraint, context: RequestContext, verified: VerifiedClient) -> Binding:
    """Raises InvalidDpopProof, UseDpopNonce, or InvalidClient without a certificate that the client must use."""
    client = verified.client
    certificate = verified.certificate
    if certificate is None and client.certificate_bound:
        certificate = find_registered(client, senders.certificates.read(context))
        if certificate is None:
            raise InvalidClient(reason="no registered certificate", cause=Cause.CERTIFICATE_MISMATCH)
    proof = None
    if client.dpop_bound or any(name == HEADER for name, _ in context.headers):
        try:
            proof = senders.proofs.verify(context)
        except InvalidDpopProof as error:
            error.cause = Cause.PROOF_INVALID
            raise
    if proof is None and certificate is None:
        return _UNBOUND
    confirmation = Confirmation(
        jkt=proof.thumbprint if proof else None, x5t=certificate.thumbprint if certificate else None
    )
    return Binding(confirmation, certificate.id if certificate else None, proof)
