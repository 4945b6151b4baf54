"""The log line of a service or worker that could not start."""

import os

from linkxg.http import logs

EXIT_STATUS = 1


def log_failed_start(reason: str) -> None:
    """Log `start.failed` before the settings are known; errors are logged at every level."""
    logs.configure("error")
    logs.log.error("start.failed", pid=os.getpid(), reason=reason)
