"""The rules of publishing, for one product as for each row of an import."""

from typing import NamedTuple

from linkxg.catalog.products.check_content import Fault
from linkxg.catalog.products.content import category_of, read_content
from linkxg.catalog.products.model import ProductRecord, key_of
from linkxg.catalog.products.publish_requirements import missing_for_publishing


class Publication(NamedTuple):
    """A product whose draft is published: its head, but for time and revision, and what a search finds it by."""

    head: ProductRecord
    search_key: str


def publish_draft(head: ProductRecord, version: int, text: str) -> Publication | list[Fault]:
    """The draft `version`, whose content is `text`, published; or everything that it lacks."""
    content = read_content(text)
    if missing := missing_for_publishing(head, content):
        return missing
    published = head._replace(
        status="PUBLISHED", category=category_of(content), latest_version=version, draft_version=None
    )
    return Publication(published, key_of(head.sku, content))
