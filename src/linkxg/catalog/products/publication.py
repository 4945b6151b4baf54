"""A publication: the check of a draft by `publish_requirements`, and the hooks that are called for published products.

The API, the console and imports publish with this check and call these hooks.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.products.check_content import FieldError
from linkxg.catalog.products.content import category_of, read_content
from linkxg.catalog.products.model import ProductRecord, search_key_of
from linkxg.catalog.products.publish_requirements import missing_for_publishing


class Publication(NamedTuple):
    """A published version: the product as it is stored now, and the version's content as canonical JSON.

    `issues_passport` is false if the publisher does not want a passport of this version.
    """

    account_id: str
    product: ProductRecord
    version: int
    content: str
    issues_passport: bool = True


PublishHooks = Sequence[Callable[[Connection, Sequence[Publication]], None]]
"""Called in the transaction that publishes, after its rows are written and the audit chain of the account is locked.

An exception rolls the transaction back.
"""


StateChange = Literal["PRODUCT_WITHDRAWN", "PRODUCT_ARCHIVED", "PRODUCT_UNARCHIVED"]
StateHooks = Sequence[Callable[[Connection, str, StateChange, ProductRecord, int | None], None]]
"""Called as PublishHooks, with the account, the change, the product and the version if it concerns one."""


class PublishedDraft(NamedTuple):
    """The product with its draft published; the caller sets time and revision."""

    product: ProductRecord
    search_key: str


def publish_draft(product: ProductRecord, version: int, content_json: str) -> PublishedDraft | list[FieldError]:
    """The product with its draft published, or everything that the draft lacks."""
    content = read_content(content_json)
    if missing := missing_for_publishing(product, content):
        return missing
    published = product._replace(
        status="PUBLISHED", category=category_of(content), latest_version=version, draft_version=None
    )
    return PublishedDraft(published, search_key_of(product.sku, content))
