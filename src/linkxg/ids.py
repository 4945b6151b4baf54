"""The ids of resources: UUIDv7 (RFC 9562 §5.7), and prefixed ids of clients.

People, accounts, sessions, secrets and products are UUIDv7 (RFC 9562 §5.7): they sort by creation, so indexes grow
at one end. Client ids carry a prefix, so that a client's `sub` can never equal a person's id.
"""

import os
import re
import time

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CLIENT_ID_PREFIX = "lxgcli_"
CREDENTIAL = rf"(?!{CLIENT_ID_PREFIX})lxg[a-z]{{3}}_[0-9A-Za-z]+"
"""The pattern of every credential of this service; client ids have a similar prefix but are not secret."""
# The hex digit of the variant: binary 10 and the last two of four random bits.
_VARIANT = {f"{bits:x}": f"{0x8 | bits & 0x3:x}" for bits in range(16)}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid7() -> str:
    """A new id: 48 bits of milliseconds, 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    # As str(UUID(int=value)), in a third of the time: imports need many ids.
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid7_at(at_ms: int) -> str:
    """The smallest id of that time: those made since are greater."""
    text = f"{at_ms:012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"


class _RandomBuffer:
    """A buffer of random bytes: a system call per token would take a twelfth of a token request's time."""

    def __init__(self) -> None:
        self.forget()
        # Two processes must not use the same bytes.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self._bytes, self._used = b"", 0

    def take(self, count: int) -> bytes:
        end = self._used + count
        if end > len(self._bytes):
            self._bytes, end = os.urandom(4_096), count
        self._used = end
        return self._bytes[end - count : end]


_random = _RandomBuffer()


def token_id() -> str:
    """A `jti` (RFC 7519 §4.1.7): 128 random bits as 32 hexadecimal digits. Not for secrets."""
    return _random.take(16).hex()


def uuid7s(count: int) -> list[str]:
    """`count` new ids, ascending: rows that are inserted together are neighbours in the index."""
    at = f"{time.time_ns() // 1_000_000:012x}"
    before, drawn = f"{at[:8]}-{at[8:]}-7", os.urandom(10 * count).hex()
    return sorted(
        f"{before}{drawn[n:n+3]}-{_VARIANT[drawn[n+3]]}{drawn[n+4:n+7]}-{drawn[n+7:n+19]}"
        for n in range(0, len(drawn), 20)
    )  # fmt: skip


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in canonical form (lower case, hyphens)."""
    return _UUID.fullmatch(text) is not None


def base62(value: bytes, width: int) -> str:
    """`value` as a number in base 62, left-padded with zeros to `width` characters."""
    number = int.from_bytes(value)
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return "".join(reversed(digits)).rjust(width, "0")


def client_id() -> str:
    """`lxgcli_` and 22 base62 characters of 16 random bytes."""
    return CLIENT_ID_PREFIX + base62(os.urandom(16), 22)
