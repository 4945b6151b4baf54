"""The scopes of EPCIS."""

SCOPE = "traceability:read"
CHANGE_SCOPE = "imports:write"
"""Named queries and subscriptions outlast the caller: who only reads neither makes nor ends them."""
