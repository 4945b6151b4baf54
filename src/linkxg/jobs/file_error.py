"""The error of a file as a whole."""

from linkxg.errors import ValidationFailed


def file_error(code: str, message: str, field: str = "file") -> ValidationFailed:
    """ValidationFailed with one detail."""
    return ValidationFailed(message, details=[{"field": field, "code": code, "message": message}])
