"""Shared products as they are read: the owner, what each share shows, and the place in a list."""

from typing import NamedTuple

import msgspec

from linkxg.catalog.products.model import ProductView, search_key

SEARCHED = ("name", "brand", "modelNumber")
"""The members of a content that are searched."""
SMALL_PAGE = 51
"""Products that one statement reads with their contents, at most."""
LAST = "z"
"""After every id, in every collation."""


class SharedPosition(NamedTuple):
    """The place of a product in the order of a list; with `product_id` LAST, the place after an owner's products."""

    owner_id: str
    product_id: str

    @property
    def ends_owner(self) -> bool:
        return self.product_id == LAST


START = SharedPosition("", "")


class SharedBy(msgspec.Struct, rename="camel", frozen=True):
    """The owner of a shared product."""

    account_id: str
    name: str
    slug: str
    connection_id: str


class Grant(NamedTuple):
    """What one live share shows of a product; `fields` are paths in its content, None for all of it."""

    fields: tuple[str, ...] | None
    all_versions: bool


class SharedProductView(NamedTuple):
    """A product with its latest version, and what each live share shows the viewer."""

    view: ProductView
    shared_by: SharedBy
    grants: list[Grant]

    @property
    def shows_all_versions(self) -> bool:
        return any(grant.all_versions for grant in self.grants)

    def grants_of(self, version: int) -> list[Grant]:
        """Those that show this version."""
        return [grant for grant in self.grants if grant.all_versions or version == self.view.version]


class SearchRow(NamedTuple):
    """The search key of a shared product, and those of the SEARCHED names that some share shows the viewer."""

    product_id: str
    search_key: str
    shown: frozenset[str]

    def may_contain(self, wanted: str) -> bool:
        """Whether the SKU or a name that is shown contains it; the content confirms it.

        A key that is older than the line for each name may have one that is either the brand or the model number.
        """
        sku, *names = self.search_key.split("\n")
        shows = [name in self.shown for name in SEARCHED]
        if len(names) != len(shows):
            shows[1:] = [any(shows[1:])] * len(names)
        lines = (sku, *(name for name, is_shown in zip(names, shows, strict=False) if is_shown))
        return any(wanted in search_key(line) for line in lines)
