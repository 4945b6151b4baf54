"""Who did what, when and from where: append-only and hash-chained per account. No secret ever."""

from linkxg.audit.record import record

__all__ = ["record"]
