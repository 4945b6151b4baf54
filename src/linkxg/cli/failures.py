"""Ends a command that failed with one line on standard error and its exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from linkxg.errors import OperatorError, PublicError
from linkxg.settings import SettingsError

FAILED, WRONG_USAGE = 1, 2


class CommandFailed(SystemExit):
    """The exit of a command that has written `reason` to standard error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code)
        self.reason = reason


def fail(message: str, code: int = FAILED) -> NoReturn:
    sys.stderr.write(f"linkxg: {message}\n")
    raise CommandFailed(code, message)


@contextmanager
def one_line_failures() -> Iterator[None]:
    """Turn expected failures into one line and an exit code; any other exception is a fault of the program."""
    try:
        yield
    except SettingsError as error:
        fail(str(error), WRONG_USAGE)
    except OperatorError as error:
        fail(str(error), error.exit_code)
    except PublicError as error:
        details = "; ".join(item["message"] for item in error.details or [])
        fail(details or (f"{error.description} ({error.reason})" if error.reason else error.description))
    except Exception as error:
        # Only here: most commands need no database library, and somebody waits for each to start.
        from linkxg.db.errors import explain

        message = explain(error)
        if message is None and isinstance(error, OSError):
            message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        if message is None:
            raise
        fail(message)
