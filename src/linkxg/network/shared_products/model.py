"""The bodies of a viewer's requests, and a share as its viewer sees it."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec

from linkxg.catalog.products.model import Sku
from linkxg.http.route_declaration import described
from linkxg.network.shares.model import MAX_ACKNOWLEDGEMENT_REASON, MAX_FIELDS, STATUSES

CountReads = Callable[[str, str, Iterable[str]], None]
"""Takes the owner, the viewer and the products that were read. Every verb that shows something calls it."""


class VisibleShare(NamedTuple):
    """The fields that a live share shows, None for all, and when it ends."""

    fields: list[str] | None
    expires_at: str | None


class AcknowledgeProduct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What the owner is answered about the latest version; `fields` are paths in its content."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "status": "REJECTED",
        "reason": "The mass is missing.",
        "fields": ["dimensions.netWeight"],
    }

    status: Annotated[str, described(enum=[*STATUSES])]
    reason: Annotated[str, described(maxLength=MAX_ACKNOWLEDGEMENT_REASON)] | None = None
    fields: Annotated[list[str], described(minItems=1, maxItems=MAX_FIELDS)] | None = None


class AdoptProduct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The SKU of the new product; by default that of the shared one."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"sku": "W-1042"}

    sku: Sku | None = None
