"""Finds LinkXG's credentials in files, offline.

The checksum of each is verified, so that placeholders and truncated ones are not reported. Refresh tokens have none
that can be verified without the server key; their prefix and 104 hexadecimal digits are distinctive enough.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from linkxg.crypto.secrets import (
    CLIENT_SECRET,
    EMAIL_CHANGE,
    INVITATION,
    MFA_TOKEN,
    PASSPORT_ACCESS,
    PASSWORD_RESET,
    REFRESH_TOKEN,
    SCIM_TOKEN,
    SIGN_UP,
    hint,
    is_well_formed,
)

KINDS = {
    CLIENT_SECRET: "client secret",
    REFRESH_TOKEN: "refresh token",
    SCIM_TOKEN: "SCIM token",
    PASSPORT_ACCESS: "passport access link",
    INVITATION: "invitation link",
    PASSWORD_RESET: "password link",
    SIGN_UP: "sign-up link",
    EMAIL_CHANGE: "e-mail change link",
    MFA_TOKEN: "second-step token",
}
PREFIX_LENGTH = len(CLIENT_SECRET)
# A lookahead, so that what only resembles a credential hides none that begins inside it.
_CREDENTIAL = re.compile(rb"(?=(lxg(?:ref_[0-9a-f]{104}|[a-z]{3}_[0-9A-Za-z]{49})))")
_LONGEST = PREFIX_LENGTH + 104
_CHUNK = 1 << 20


class FoundSecret(NamedTuple):
    """Where a credential begins (line and byte of the line, from 1), its kind, and the end of its random part."""

    line: int
    column: int
    kind: str
    hint: str


def find_secrets(file: BinaryIO) -> Iterator[FoundSecret]:
    """Every credential in the file, in order, in bounded memory.

    NUL bytes are skipped, so that UTF-16 is read as well, which Windows PowerShell writes.
    """
    kept, line, column = b"", 1, 1
    while True:
        chunk = file.read(_CHUNK)
        text = kept + chunk.replace(b"\0", b"")
        # What begins later may continue in the next chunk.
        end = max(0, len(text) - _LONGEST) if chunk else len(text)
        counted = 0
        for match in _CREDENTIAL.finditer(text):
            if match.start() >= end:
                break
            line, column = _position(text, counted, match.start(), line, column)
            counted = match.start()
            if found := _read(match[1].decode("ascii")):
                yield FoundSecret(line, column, *found)
        if not chunk:
            return
        line, column = _position(text, counted, end, line, column)
        kept = text[end:]


def _read(text: str) -> tuple[str, str] | None:
    """Kind and hint of a credential; None for what only resembles one."""
    prefix = text[:PREFIX_LENGTH]
    if prefix == REFRESH_TOKEN:
        return (KINDS[prefix], f"…{text[-4:]}") if len(text) == _LONGEST else None
    if prefix in KINDS and is_well_formed(text, prefix):
        return KINDS[prefix], hint(text)
    return None


def _position(text: bytes, start: int, end: int, line: int, column: int) -> tuple[int, int]:
    """Line and column of `end`, where those of `start` are `line` and `column`."""
    newlines = text.count(b"\n", start, end)
    if not newlines:
        return line, column + end - start
    return line + newlines, end - text.rindex(b"\n", start, end)
