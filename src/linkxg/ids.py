"""How are things named?

People, accounts, sessions, secrets and products are UUIDv7 (RFC 9562 §5.7): they sort by creation, so indexes grow
at one end. Client ids carry a prefix, so that a client's `sub` can never equal a person's id.
"""

import os
import re
import time

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CLIENT_ID_PREFIX = "lxgcli_"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid7() -> str:
    """A fresh id: 48 bits of milliseconds, 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_uuid(text: str) -> bool:
    """Whether `text` is an id as this program writes it (lower case, hyphens)."""
    return _UUID.fullmatch(text) is not None


def base62(value: bytes, width: int) -> str:
    """`value` as a number in base 62, left-padded with zeros to `width` characters."""
    number = int.from_bytes(value)
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return "".join(reversed(digits)).rjust(width, "0")


def client_id(seed: bytes | None = None) -> str:
    """`lxgcli_` and 22 base62 characters, from 16 bytes of `seed` (random when absent)."""
    return CLIENT_ID_PREFIX + base62((seed or os.urandom(16))[:16], 22)
