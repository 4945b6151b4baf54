"""Shared products as they are read: the owner, what each share shows, and the place in a list."""

from typing import NamedTuple

import msgspec

from linkxg.catalog.products.model import ProductView

MAX_KEPT = 1_000
"""Characters of the fields of a share up to which their parsed form is kept in memory."""
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
