"""QR codes of data carriers (ISO/IEC 18004), with the exact address of a passport.

Scheme and host are case-insensitive (RFC 3986 §6.2.2.1): in capitals they fit the alphanumeric mode, and so do the GTIN
and most lots and serials. That form is used where it makes the symbol smaller.
"""

import asyncio
import io
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import segno
from segno import QRCode

from linkxg.runtime.cache import evict_oldest

ImageFormat = Literal["svg", "png"]
ErrorLevel = Literal["L", "M", "Q", "H"]
MEDIA_TYPES: dict[ImageFormat, str] = {"svg": "image/svg+xml", "png": "image/png"}
MAX_SCALE, MAX_QUIET = 40, 16
MAX_KEPT, MAX_BODY = 500, 16_384
"""Codes, and bytes of one: at most 8 MB."""
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")


class QrOptions(NamedTuple):
    """How a QR code is drawn: `scale` is pixels per module, `quiet` the quiet zone in modules (the standard: four)."""

    format: ImageFormat = "svg"
    level: ErrorLevel = "M"
    scale: int = 8
    quiet: int = 4


class QrCode(NamedTuple):
    """`uri` is exactly what the symbol contains."""

    uri: str
    body: bytes


def encode_link(uri: str, level: ErrorLevel) -> tuple[str, QRCode]:
    """The address as it is in the symbol, and the smallest symbol."""
    parts = urlsplit(uri)
    slug, separator, identity = parts.path.partition("/01/")
    host, rest = f"{parts.scheme}://{parts.netloc}".upper(), separator + identity
    parts_of_capital = [host, slug, rest]
    if separator and _ALPHANUMERIC.fullmatch(host) and _version(parts_of_capital, level) < _version([uri], level):
        return host + slug + rest, _symbol(parts_of_capital, level)
    return uri, _symbol([uri], level)


def _version(parts: Sequence[str], level: ErrorLevel) -> int:
    return int(_symbol(parts, level, mask=0).version)


def _symbol(parts: Sequence[str], level: ErrorLevel, mask: int | None = None) -> QRCode:
    """The symbol with each part in its shortest mode, at a higher level where that costs no size.

    Without a mask the best one is looked for, which takes most of the time.
    """
    # The encoder takes parts too, which its stubs do not say.
    return segno.make(list(parts), error=level, micro=False, mask=mask)  # type: ignore[arg-type]


class QrCodes:
    """Draws QR codes, and caches the latest ones."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, QrOptions], QrCode] = {}

    async def draw(self, uri: str, options: QrOptions) -> QrCode:
        key = uri, options
        found = self._kept.get(key)
        if found is None:
            found = await asyncio.to_thread(_draw, uri, options)
            if len(found.body) <= MAX_BODY:
                evict_oldest(self._kept, MAX_KEPT)
                self._kept[key] = found
        return found


def _draw(uri: str, options: QrOptions) -> QrCode:
    encoded, symbol = encode_link(uri, options.level)
    buffer = io.BytesIO()
    symbol.save(buffer, kind=options.format, scale=options.scale, border=options.quiet)
    return QrCode(encoded, buffer.getvalue())


def inline_svg(uri: str, level: ErrorLevel) -> str:
    """The symbol as an element of a page, which fills its box."""
    _, symbol = encode_link(uri, level)
    return symbol.svg_inline(border=4, omitsize=True)
