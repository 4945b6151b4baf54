"""Plans the publication of what a row says."""

from linkxg.catalog.products.bulk.model import PlannedWrite, StoredProduct, UnchangedProduct
from linkxg.catalog.products.check_content import Fault
from linkxg.catalog.products.publication import publish_draft


def plan_publish(
    planned: PlannedWrite | UnchangedProduct, current: StoredProduct | None, now: int
) -> PlannedWrite | UnchangedProduct | list[Fault]:
    """The plan of a row (`plan_row`) with its draft published, under the rules of `publish_product`.

    A draft that lacks something is not written either: everything that is missing comes back, naming columns of the
    content. Where there is no draft, because all is published already or only SKU or GTIN change, the plan stays.
    """
    if isinstance(planned, UnchangedProduct):
        if current is None or current.head.draft_version is None:
            return planned
        planned = _as_it_is(current, current.head.draft_version, now)
    head = planned.head
    if head.draft_version is None:
        return planned
    published = publish_draft(head, planned.version, planned.content)
    if isinstance(published, list):
        return [{**one, "field": one["field"].removeprefix("content.")} for one in published]
    return planned._replace(head=published.product, search_key=published.search_key, publishes=True)


def _as_it_is(current: StoredProduct, draft: int, now: int) -> PlannedWrite:
    """A plan that leaves the draft as it is, to be published."""
    head = current.head
    touched = head._replace(revision=head.revision + 1, updated_at=max(now, head.updated_at))
    return PlannedWrite(
        touched,
        current.search_key,
        seen=head.revision,
        opens=False,
        version=draft,
        digest=None,
        content=current.content,
    )
