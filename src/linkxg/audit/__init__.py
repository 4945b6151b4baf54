"""The audit trail: append-only and hash-chained per account, without secrets."""

from linkxg.audit.record import lock_chains, record, record_both

__all__ = ["lock_chains", "record", "record_both"]
