"""The error of a request beyond the number of imports that an account may have in progress."""

from linkxg.errors import RateLimitExceeded
from linkxg.jobs.model import MAX_OPEN_JOBS


def limit_error(description: str, *, retry_s: int) -> RateLimitExceeded:
    """The error with the RateLimit fields; `retry_s` is when to try again, in seconds."""
    return RateLimitExceeded(
        description,
        retry_after=retry_s,
        headers={
            "RateLimit-Policy": f'"imports";q={MAX_OPEN_JOBS};w={retry_s}',
            "RateLimit": f'"imports";r=0;t={retry_s}',
        },
    )
