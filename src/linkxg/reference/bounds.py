"""Bounds of body members beyond their types, as JSON Schema keywords.

Only what JSON Schema can express; `Struct.member` → keywords, with the numbers that the verbs themselves use.
"""

from typing import Any

from linkxg.accounts.model import MAX_EMAIL
from linkxg.accounts.password_rules import MINIMUM
from linkxg.clients.model import MAX_CIDRS, MAX_GRACE_S, MAX_NAME
from linkxg.db.idempotency import MAX_KEY
from linkxg.products.read_product import MAX_VERSION

KEY_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"}
"""Of the `Idempotency-Key` header."""

NUMBERS = {"version", "older", "newer"}
"""Parts of paths that are numbers. Routes read them as texts, so that the guard comes before the address is judged."""
NUMBER_SCHEMA: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": MAX_VERSION}

_NAME = {"minLength": 1, "maxLength": MAX_NAME}
_EMAIL = {"format": "email", "maxLength": MAX_EMAIL}
_RANGES = {"maxItems": MAX_CIDRS, "description": "Address ranges in CIDR notation; none means any address."}
_SCOPE = {"minLength": 1, "description": "Separated by spaces."}

BOUNDS: dict[str, dict[str, Any]] = {
    "RegisterClient.client_name": _NAME,
    "RegisterClient.scope": _SCOPE,
    "RegisterClient.allowed_cidrs": _RANGES,
    "RegisterClient.expires_at": {"minimum": 0},
    "ChangeClient.client_name": _NAME,
    "ChangeClient.scope": _SCOPE,
    "ChangeClient.allowed_cidrs": _RANGES,
    "RotateSecret.grace_period_seconds": {
        "minimum": 0,
        "maximum": MAX_GRACE_S,
        "description": "How long the old secret works beside the new one.",
    },
    "RotateSecret.revoke_tokens": {"description": "Whether the live tokens of the client die as well."},
    "InviteUser.email": _EMAIL,
    "Login.email": {"maxLength": MAX_EMAIL},
    "AcceptInvitation.password": {"minLength": MINIMUM},
    "ChangePassword.newPassword": {"minLength": MINIMUM},
    # Stored as it is told, so it is not read into its type.
    "Product.content": {"$ref": "#/components/schemas/Content"},
    "Version.content": {"$ref": "#/components/schemas/Content"},
    "ProductPatch.content": {"description": "A merge patch (RFC 7396) of a Content."},
}


def bound(components: dict[str, Any]) -> None:
    """Add the keywords to the schemas, in place."""
    for place, keywords in BOUNDS.items():
        struct, _, member = place.partition(".")
        if struct in components:
            components[struct]["properties"][member] |= keywords
