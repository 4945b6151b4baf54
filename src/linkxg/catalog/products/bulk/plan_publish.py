"""Plans the publication of an imported row."""

from linkxg.catalog.products.bulk.model import PlannedWrite, StoredProduct, UnchangedProduct
from linkxg.catalog.products.check_content import FieldError
from linkxg.catalog.products.publication import publish_draft


def plan_publish(
    planned: PlannedWrite | UnchangedProduct, current: StoredProduct | None, now: int
) -> PlannedWrite | UnchangedProduct | list[FieldError]:
    """The plan of a row (`plan_row`) with its draft published.

    An incomplete draft is not written: the result is every missing field, as columns of the content. Without a draft,
    because all is published already or only SKU or GTIN change, the plan remains as it is.
    """
    if isinstance(planned, UnchangedProduct):
        if current is None or current.head.draft_version is None:
            return planned
        planned = _stored_draft(current, current.head.draft_version, now)
    head = planned.head
    if head.draft_version is None:
        return planned
    published = publish_draft(head, planned.version, planned.content)
    if isinstance(published, list):
        return [{**error, "field": error["field"].removeprefix("content.")} for error in published]
    return planned._replace(head=published.product, search_key=published.search_key, publishes=True)


def _stored_draft(current: StoredProduct, draft: int, now: int) -> PlannedWrite:
    """A plan that leaves the draft unchanged, to be published."""
    head = current.head
    touched = head._replace(revision=head.revision + 1, updated_at=max(now, head.updated_at))
    return PlannedWrite(
        touched,
        current.search_key,
        seen=head.revision,
        creates_draft=False,
        version=draft,
        digest=None,
        content=current.content,
    )
