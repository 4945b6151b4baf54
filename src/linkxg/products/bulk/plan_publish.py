"""Plans the publication of imported products."""

from linkxg.products.bulk.model import Current, Planned, Unchanged
from linkxg.products.check_content import Fault
from linkxg.products.content import category_of, read_content
from linkxg.products.find_missing import find_missing
from linkxg.products.model import key_of


def plan_publish(planned: Planned | Unchanged, current: Current | None, now: int) -> Planned | Unchanged | list[Fault]:
    """The plan of a row (`plan_row`) with its draft published, under the rules of `publish_product`.

    A draft that lacks something is not written either: everything that is missing comes back, naming columns of the
    content. Where there is no draft, because all is published already or only SKU or GTIN change, the plan stays.
    """
    if isinstance(planned, Unchanged):
        if current is None or current.head.draft_version is None:
            return planned
        planned = _as_it_is(current, current.head.draft_version, now)
    head = planned.head
    if head.draft_version is None:
        return planned
    text = planned.content or (current.content if current else "")
    content = read_content(text)
    if missing := find_missing(head, content):
        return [{**one, "field": one["field"].removeprefix("content.")} for one in missing]
    published = head._replace(
        status="PUBLISHED", category=category_of(content), latest_version=planned.version, draft_version=None
    )
    return planned._replace(head=published, search_key=key_of(head.sku, content), publishes=True)


def _as_it_is(current: Current, draft: int, now: int) -> Planned:
    """A plan that leaves the draft as it is, to be published."""
    head = current.head
    touched = head._replace(revision=head.revision + 1, updated_at=max(now, head.updated_at))
    return Planned(touched, current.search_key, head.revision, False, draft, None, None)
