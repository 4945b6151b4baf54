"""Structured logging: one JSON line per event on stderr, without secrets (ASVS 16.2.5, 16.4.1).

Every text is capped, escaped by the JSON encoder (CR, LF, ANSI and bidi controls included), and redacted where it looks
like a credential.
"""

import asyncio
import logging
import re
import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from linkxg.clock import now_ms, rfc3339
from linkxg.ids import CREDENTIAL

MAX_TEXT = 500
GATHER_SECONDS = 0.02
_CREDENTIAL = re.compile(rf"{CREDENTIAL}|eyJ[\w-]*\.[\w-]*\.?[\w-]*|(?i:\b(?:basic|bearer)\s+[\w+/=.~-]+)|://[^/@\s]+@")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

RESERVED = {"at", "level", "event"}
"""Fields of every line, which no event may have as fields of its own."""
log: FilteringBoundLogger = structlog.get_logger("linkxg")


def configure(level: str) -> None:
    """Send this program's events, and warnings of its libraries, to stderr as JSON lines."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[_stamp, _redact, _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Bridge()], force=True)
    logging.captureWarnings(True)


def redact(text: str) -> str:
    """`text` without anything that looks like a credential, capped, with control characters shown as escapes."""
    text = _CREDENTIAL.sub("[redacted]", text[: 4 * MAX_TEXT])[:MAX_TEXT]
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _stamp(_: WrappedLogger, level: str, event: EventDict) -> EventDict:
    stamp = {"at": rfc3339(now_ms()), "level": level}
    return {**stamp, **event, **stamp}


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        # Short texts are ids, codes and times made here; every credential is longer.
        if isinstance(value, str) and (len(value) > 40 or not value.isprintable() or not value.isascii()):
            event[name] = redact(value)
    return event


def _render(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return msgspec.json.encode(event, enc_hook=_shown)


def _shown(value: Any) -> str:
    return redact(str(value))


def location_of(fault: BaseException) -> str:
    """The innermost line of this program in the traceback, `module:line`: logged instead of the message."""
    location, step = "", fault.__traceback__
    while step is not None:
        module = step.tb_frame.f_globals.get("__name__", "")
        if module.startswith("linkxg."):
            location = f"{module}:{step.tb_lineno}"
        step = step.tb_next
    return location


class RequestLog:
    """Writes the one line per request without structlog, for speed.

    Its fields are made by this program (ids, routes, codes, parsed addresses); `reason` may quote a library, so it is
    redacted. Lines are buffered for a moment and written together.
    """

    def __init__(self) -> None:
        self._wanted = log.is_enabled_for(logging.INFO)
        self._encode = msgspec.json.Encoder(enc_hook=_shown).encode
        self._second = 0
        self._stamp = ""
        self._lines: list[bytes] = []

    def write(self, fields: dict[str, Any]) -> None:
        if not self._wanted:
            return
        reason = fields.get("reason")
        if reason is not None:
            fields["reason"] = redact(reason)
        second, millisecond = divmod(now_ms(), 1000)
        if second != self._second:
            self._second, self._stamp = second, rfc3339(second * 1000)[:20]
        fields["at"] = f"{self._stamp}{millisecond:03d}Z"
        if not self._lines:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)
        self._lines.append(self._encode(fields))

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        sys.stderr.buffer.write(b"\n".join(lines) + b"\n")
        sys.stderr.buffer.flush()


class _Bridge(logging.Handler):
    """Lines of the standard library's loggers, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[1] if record.exc_info else None
        log.log(
            record.levelno,
            "library",
            logger=record.name,
            message=redact(record.getMessage()),
            fault=type(fault).__name__ if fault else None,
        )
