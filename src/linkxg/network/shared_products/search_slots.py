"""Bounds the searches and large pages of shared products that a worker answers at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

from linkxg.errors import RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.rate_limits import rate_limit_fields
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

MAX_SEARCHES, MAX_SEARCHES_OF_ACCOUNT = 16, 4
_RETRY_S = 1
_of_worker, _of_account = ConcurrencyLimit(MAX_SEARCHES, MAX_SEARCHES), ConcurrencyLimit(MAX_SEARCHES_OF_ACCOUNT)


@contextmanager
def search_slot(account_id: str) -> Iterator[None]:
    """Raises RateLimitExceeded if the account has too many, TemporarilyUnavailable if the worker has."""
    with _of_account.slot(account_id) as is_free:
        if not is_free:
            raise RateLimitExceeded(
                f"Of each account, {MAX_SEARCHES_OF_ACCOUNT} searches or large pages of shared products are answered "
                "at the same time.",
                retry_after=_RETRY_S,
                headers=rate_limit_fields("shared-searches", MAX_SEARCHES_OF_ACCOUNT, _RETRY_S, _RETRY_S),
            )
        with _of_worker.slot(account_id) as is_free:
            if not is_free:
                raise TemporarilyUnavailable("searches of shared products", _RETRY_S)
            yield
