"""How a client may authenticate: a list for each client (RFC 7591 §2, `token_endpoint_auth_method`).

A client that changes from a secret to a key may have both for a while; each request uses one of them.
"""

from collections.abc import Iterable
from typing import Literal

SECRET_BASIC, SECRET_POST = "client_secret_basic", "client_secret_post"
PRIVATE_KEY_JWT = "private_key_jwt"
WORKLOAD_IDENTITY = "workload_identity"
"""Not registered with IANA: the assertion is a token of an issuer that the client trusts."""
SELF_SIGNED_TLS = "self_signed_tls_client_auth"
"""By a registered certificate (RFC 8705 §2.2)."""
Method = Literal[
    "client_secret_basic", "client_secret_post", "private_key_jwt", "workload_identity", "self_signed_tls_client_auth"
]
METHODS = (SECRET_BASIC, SECRET_POST, PRIVATE_KEY_JWT, WORKLOAD_IDENTITY, SELF_SIGNED_TLS)
BY_SECRET = frozenset((SECRET_BASIC, SECRET_POST))
BY_ASSERTION = frozenset((PRIVATE_KEY_JWT, WORKLOAD_IDENTITY))


def format_methods(methods: Iterable[str]) -> str:
    found = frozenset(methods)
    return " ".join(method for method in METHODS if method in found)
