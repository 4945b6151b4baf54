"""The scopes (RFC 6749 §3.3), none of which implies another, and the roles that have them."""

import re
from functools import lru_cache

from linkxg.errors import InvalidScope

SCOPES: dict[str, str] = {
    "products:read": "Read products and product versions",
    "products:write": "Create, update, and delete products",
    "connections:read": "Read connections and shared data",
    "connections:write": "Manage connections",
    "imports:write": "Bulk import operations",
    "traceability:read": "Read traceability and supply chain data",
    "dpp:read": "Read Digital Product Passports",
}
ALL_SCOPES = frozenset(SCOPES)
ROLE_SCOPES: dict[str, frozenset[str]] = {
    "OWNER": ALL_SCOPES,
    "ADMIN": ALL_SCOPES,
    "MEMBER": ALL_SCOPES - {"connections:write"},
    "VIEWER": frozenset(scope for scope in SCOPES if scope.endswith(":read")),
}
_GRAMMAR = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


def parse_scope(text: str) -> frozenset[str]:
    """The scopes of a space-separated list. Raises InvalidScope for bad syntax or an unknown scope."""
    if not _GRAMMAR.fullmatch(text):
        raise InvalidScope(reason="scope grammar")
    scopes = frozenset(text.split(" "))
    if not scopes <= ALL_SCOPES:
        if "," in text:
            raise InvalidScope(
                "A requested scope is unknown: separate scopes by spaces, not commas.", reason="scope list"
            )
        raise InvalidScope(reason="unknown scope")
    return scopes


@lru_cache(2**7)
def format_scope(scopes: frozenset[str]) -> str:
    """A space-separated list, in the order of SCOPES."""
    return " ".join(scope for scope in SCOPES if scope in scopes)
