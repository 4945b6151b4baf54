"""The audit trail: append-only and hash-chained per account, without secrets."""

from linkxg.audit.record import record

__all__ = ["record"]
