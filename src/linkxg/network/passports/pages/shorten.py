"""Shortens what a page shows, so that a very large passport still opens on a slow line."""

from typing import Any, NamedTuple

MAX_PAGE = 50_000
"""Bytes. With its QR code, a page takes at most 60,000."""


class PageSize(NamedTuple):
    """The bounds of a page: elements of a list, characters of a text, and characters of an address."""

    elements: int
    characters: int
    address: int


UNSHORTENED = PageSize(1_000, 20_000, 2_048)
SIZES = (UNSHORTENED, PageSize(60, 400, 500), PageSize(20, 160, 300), PageSize(6, 60, 150))
"""Tried in this order until the page is small enough."""
_ADDRESSES = ("url",)


def shorten(value: Any, size: PageSize) -> Any:
    """An address is shown whole or not at all."""
    if isinstance(value, dict):
        members = list(value.items())[: size.elements]
        return {
            cut(name, size): None
            if name in _ADDRESSES and isinstance(one, str) and len(one) > size.address
            else one
            if name in _ADDRESSES
            else shorten(one, size)
            for name, one in members
        }
    if isinstance(value, list | tuple):
        return [shorten(one, size) for one in value[: size.elements]]
    return cut(value, size) if isinstance(value, str) else value


def cut(text: str, size: PageSize) -> str:
    return text if len(text) <= size.characters else text[: size.characters] + "…"
