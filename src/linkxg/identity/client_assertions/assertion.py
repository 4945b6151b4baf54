"""An assertion as a request has it, before its signature is verified: RFC 7521 §4.2, RFC 7523 §3.

Only the algorithm, the type and the key id of the header are read. Keys that it names or holds (`jwk`, `jku`, `x5u`,
`x5c`) are never used.
"""

from typing import Any, NamedTuple

from linkxg.errors import InvalidClient
from linkxg.identity.client_assertions.model import MAX_ASSERTION
from linkxg.identity.federation.provider_fault import ProviderFault
from linkxg.identity.federation.signed_token import ALGORITHMS, Header, read_header
from linkxg.identity.jwt_segment import parse_segment
from linkxg.rejection_causes import Cause

ACCEPTED = frozenset(ALGORITHMS)
_TYPES = frozenset((None, "jwt", "client-authentication+jwt"))
"""draft-ietf-oauth-rfc7523bis adds the second; a token of another type, such as `at+jwt`, is no assertion."""


class Assertion(NamedTuple):
    """`claims` are what it says, by whomever it was made."""

    token: str
    header: Header
    claims: dict[str, Any]

    @property
    def signing_input(self) -> str:
        return self.token.rpartition(".")[0]


def read_assertion(token: str) -> Assertion:
    """Raises InvalidClient."""
    if len(token) > MAX_ASSERTION:
        raise malformed("it is too long")
    try:
        header = read_header(token, ACCEPTED)
    except ProviderFault:
        raise malformed("its header or claims are not accepted") from None
    claims = parse_segment(token.split(".")[1])
    if claims is None or header.type not in _TYPES:
        raise malformed("its claims or its type are not accepted")
    return Assertion(token, header, claims)


def find_subject(token: str) -> str:
    """The client that it names, as whoever made it says, also if its header is not accepted; empty if it names none."""
    parts = token.split(".") if len(token) <= MAX_ASSERTION else []
    claims = parse_segment(parts[1]) if len(parts) == 3 else None
    subject = claims.get("sub") if claims else None
    return subject if isinstance(subject, str) else ""


def malformed(reason: str) -> InvalidClient:
    return InvalidClient(reason=f"assertion: {reason}", cause=Cause.ASSERTION_MALFORMED)
