"""Recalls and notices as their two sides see them, and the bodies of their routes."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from linkxg.http.route_declaration import described
from linkxg.network.check_fields import MAX_TEXT
from linkxg.network.connections.model import PartnerAccount, Reason
from linkxg.network.epcis.documents.model import MAX_URI
from linkxg.network.traceability.model import AffectedProduct

Onward = Literal["NONE", "NO_RECIPIENTS", "ANNOUNCED", "ACKNOWLEDGED"]
AcknowledgedBy = Literal["PARTNER", "SELF"]
RecallStatus = Literal["OPEN", "ACKNOWLEDGED", "NO_RECIPIENTS", "WITHDRAWN"]
MAX_ITEMS = 50
MAX_INSTRUCTIONS = 2_000
MAX_PASSED_ON = 10
"""Recalls that are not withdrawn by which one notice is passed on."""
MAX_PLACES = 50
"""Places that a recall lists."""
MAX_PRODUCTS = 200
"""Affected products that a recall lists."""
MAX_NOTICES = 500
"""Recipients of one recall."""
_ID = "01a20900-46b1-7977-8501-b67e3b66cab2"
_LOT = "https://id.gs1.org/01/09520000002176/10/L1"
_PARTNER = {"accountId": _ID, "name": "Weaver Ltd", "slug": "weaver-ltd"}
_REASON = "The dye of this lot exceeds the limit of REACH."
_INSTRUCTIONS = "Stop the sale, separate the stock and return it to us."
_TIME = "2026-11-27T10:00:00.000Z"


class AnnounceRecall(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What is recalled and why. All connected recipients are notified unless `connectionIds` names some of them.

    With `noticeId`, the recall passes a notice on that you received; `items` are then those of the notice by default.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "reason": _REASON,
        "items": [_LOT],
        "instructions": _INSTRUCTIONS,
        "connectionIds": None,
        "noticeId": None,
    }

    reason: Annotated[str, described(minLength=1, maxLength=MAX_TEXT)]
    items: Annotated[list[str], described(minItems=1, maxItems=MAX_ITEMS)] | None = None
    instructions: Annotated[str, described(maxLength=MAX_INSTRUCTIONS)] | None = None
    connection_ids: list[str] | None = None
    notice_id: Annotated[str, described(maxLength=36)] | None = None


class AcknowledgeNotice(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The issuer sees the note."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"note": "12 of 14 pieces are separated; two were sold."}

    note: Annotated[str, described(maxLength=MAX_TEXT)] | None = None


class WithdrawRecall(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The recipients see the reason."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"reason": "The laboratory has corrected its result."}

    reason: Reason | None = None


class RecallProgress(msgspec.Struct, rename="camel"):
    """Numbers of recipients; `notified` are those that got a notice through a connection."""

    recipients: int
    notified: int
    acknowledged: int


class NoticeItem(msgspec.Struct, rename="camel"):
    """An item of a recall. `productName` is the name that the company that recalls gives the product."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": _LOT,
        "gtin": "09520000002176",
        "lot": "L1",
        "serial": None,
        "productName": "Yarn",
    }

    id: str
    gtin: str | None
    lot: str | None
    serial: str | None
    product_name: str | None


class RecallPlace(msgspec.Struct, rename="camel"):
    """Where affected items were last seen, and how many are with consumers; `place` is null if no event says."""

    place: str | None
    items: int
    with_consumers: int


class ItemRecall(msgspec.Struct, rename="camel", kw_only=True):
    """A recall of the account. `noticeId` is the notice that it passes on.

    `withConsumers` counts the affected items that were sold or dispensed to consumers when it was announced, by your
    own events; null if that is unknown. `places` has the places with most items.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": _ID,
        "status": "OPEN",
        "items": [_LOT],
        "itemDetails": [NoticeItem.EXAMPLE],
        "reason": _REASON,
        "instructions": _INSTRUCTIONS,
        "noticeId": None,
        "affectedItems": 12,
        "withConsumers": 2,
        "places": [{"place": "https://id.gs1.org/414/4012345000009", "items": 12, "withConsumers": 2}],
    }

    id: str
    status: RecallStatus
    items: list[Annotated[str, described(maxLength=MAX_URI)]]
    item_details: list[NoticeItem]
    reason: str
    instructions: str | None
    notice_id: str | None
    affected_items: int
    with_consumers: int | None
    places: list[RecallPlace]
    product_count: int
    products: list[AffectedProduct]
    progress: RecallProgress
    truncated: bool
    created_at: str
    withdrawn_at: str | None
    withdrawal_reason: str | None
    reminded_at: str | None


class RecallRecipient(msgspec.Struct, rename="camel", kw_only=True):
    """A party that received affected items. Of one that was not `notified`, you record the acknowledgement yourself.

    `onward` says whether the partner has passed the notice on, and whether everybody behind them has acknowledged;
    never to whom. `withConsumers`: by what was passed on, items were sold or dispensed to consumers; false does not say
    that none were. `items` are the first 20 of `itemCount`; `…/recipients/{id}/items` has all. If it is `truncated`,
    they received more than a recall can hold. If it was `contested`, several partners had its GLN: none was notified.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": _ID,
        "party": "https://id.gs1.org/417/4012345000009",
        "gln": "4012345000009",
        "connectionId": _ID,
        "partner": _PARTNER,
        "notified": True,
        "contested": False,
        "items": [_LOT],
        "itemCount": 1,
        "truncated": False,
        "lastSentAt": _TIME,
        "acknowledgedAt": _TIME,
        "acknowledgedBy": "PARTNER",
        "note": "12 of 14 pieces are separated; two were sold.",
        "onward": "ANNOUNCED",
        "withConsumers": True,
    }

    id: str
    party: str
    gln: str | None
    connection_id: str | None
    partner: PartnerAccount | None
    notified: bool
    contested: bool
    items: list[str]
    item_count: int
    truncated: bool
    last_sent_at: str
    acknowledged_at: str | None
    acknowledged_by: AcknowledgedBy | None
    note: str | None
    onward: Onward
    with_consumers: bool


class RecallDetails(ItemRecall, kw_only=True):
    """A recall with its recipients."""

    EXAMPLE: ClassVar[dict[str, Any]] = {**ItemRecall.EXAMPLE, "recipients": [RecallRecipient.EXAMPLE]}

    recipients: list[RecallRecipient]


class RecallNotice(msgspec.Struct, rename="camel", kw_only=True):
    """A partner's recall, with the affected items that you received. `recallIds` are your recalls that pass it on,
    without withdrawn ones.

    `items` are the first 20 of `itemCount`, `itemDetails` the same with their names; `…/items` has all. If it is
    `truncated`, you received more than it names.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": _ID,
        "connectionId": _ID,
        "issuer": _PARTNER,
        "reason": _REASON,
        "instructions": _INSTRUCTIONS,
        "items": [_LOT],
        "itemDetails": [NoticeItem.EXAMPLE],
        "itemCount": 1,
        "truncated": False,
        "recallIds": [],
    }

    id: str
    connection_id: str
    issuer: PartnerAccount
    reason: str
    instructions: str | None
    items: list[str]
    item_details: list[NoticeItem]
    item_count: int
    truncated: bool
    last_sent_at: str
    created_at: str
    withdrawn_at: str | None
    withdrawal_reason: str | None
    acknowledged_at: str | None
    note: str | None
    recall_ids: list[str]
