"""Whether this process has begun to shut down: requests that only wait are answered then, and not held any longer."""

_has_begun = False


def begin() -> None:
    """Called by the server when it stops to accept connections."""
    global _has_begun
    _has_begun = True


def has_begun() -> bool:
    return _has_begun
