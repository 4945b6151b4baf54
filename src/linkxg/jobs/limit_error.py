"""The error of a request beyond the number of imports that an account may have in progress."""

from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import rate_limit_fields
from linkxg.jobs.model import MAX_OPEN_JOBS


def limit_error(description: str, *, retry_s: int, most: int = MAX_OPEN_JOBS) -> RateLimitExceeded:
    """The error with the RateLimit fields; `retry_s` is when to try again, in seconds."""
    fields = rate_limit_fields("imports", most, retry_s, retry_s)
    return RateLimitExceeded(description, retry_after=retry_s, headers=fields)
