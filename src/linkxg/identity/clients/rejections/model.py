"""A rejected request, stored without any secret, even a wrong one."""

from typing import NamedTuple

from linkxg.clock import DAY

KEPT = 500
"""Rejections kept per account, the newest ones."""
KEEP_MS = 30 * DAY


class Rejection(NamedTuple):
    """A row of `refused_requests`; `at` is in milliseconds.

    `endpoint` is method and path (`GET /api/v1/products`), `concerns` the id of a secret or a scope.
    """

    account_id: str
    id: str
    at: int
    client_id: str
    request_id: str
    source: str
    endpoint: str
    cause: str
    concerns: str
