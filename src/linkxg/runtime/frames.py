"""The frames of a fault for the log: files, lines and functions, without the message, which may quote user input."""

import traceback

INNERMOST = 8


def frames_of(fault: BaseException) -> str:
    """The innermost frames of the traceback, the innermost first."""
    frames = traceback.extract_tb(fault.__traceback__)[-INNERMOST:]
    return " < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in reversed(frames))
