"""A subscription of a named query, as it is sent, shown and stored (EPCIS 2.0 §8.2.5, `QuerySubscription`)."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from linkxg.clock import HOUR, SECOND
from linkxg.http.route_declaration import described
from linkxg.network.epcis.documents.urn import EpcFormat

MAX_SUBSCRIPTIONS = 50
"""Of an account."""
MAX_DEST = 2_000
MIN_SECRET, MAX_SECRET = 16, 200
MAX_FIELD = 200
MAX_ATTEMPTS = 16
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 10 * SECOND, 2 * HOUR
"""Between attempts: doubled with each, in all about half a day."""
MAX_BATCH = 100
MAX_BYTES = 1024 * 1024
"""Of the events of a delivery; it has at least one."""
State = Literal["ACTIVE", "FAILED", "PAUSED"]
_STATES = (
    "`ACTIVE`; `FAILED` after the last attempt at a delivery; `PAUSED` when whoever it runs for may no longer read "
    "events, when all their sessions and tokens were ended, or after a restore."
)


class Schedule(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """When a query is executed, in UTC. A field is a number, a range `[1-5]`, or a list of them: `0,15,[30-32]`.

    Of the fields that are not set, those smaller than the smallest one set are at their beginning, others match always.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {"hour": "1", "minute": "5"}

    second: Annotated[str, described(maxLength=MAX_FIELD)] | None = None
    minute: Annotated[str, described(maxLength=MAX_FIELD)] | None = None
    hour: Annotated[str, described(maxLength=MAX_FIELD)] | None = None
    day_of_month: Annotated[str, described(maxLength=MAX_FIELD)] | None = msgspec.field(default=None, name="dayOfMonth")
    month: Annotated[str, described(maxLength=MAX_FIELD)] | None = None
    day_of_week: Annotated[str, described(maxLength=MAX_FIELD)] | None = msgspec.field(default=None, name="dayOfWeek")


class RequestedSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """Either `stream` is true or there is a `schedule`. `signatureToken`, also named `secret`, signs each delivery and
    is never shown.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "dest": "https://client.example.com/queryCallback",
        "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5",
        "stream": True,
    }

    dest: Annotated[str, described(format="uri", maxLength=MAX_DEST)]
    signature_token: Annotated[str, described(minLength=MIN_SECRET, maxLength=MAX_SECRET)] | None = msgspec.field(
        default=None, name="signatureToken"
    )
    secret: Annotated[str, described(minLength=MIN_SECRET, maxLength=MAX_SECRET)] | None = None
    stream: bool = False
    schedule: Schedule | None = None
    initial_record_time: Annotated[str, described(format="date-time")] | None = msgspec.field(
        default=None, name="initialRecordTime"
    )
    report_if_empty: bool = msgspec.field(default=False, name="reportIfEmpty")


class Subscription(msgspec.Struct):
    """A subscription and the status of its deliveries. `deliveryID` is that of the one that is tried again."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "subscriptionID": "0199b6a4-7c10-7d3e-8f5a-3b1c2d4e5f60",
        "queryName": "shipped",
        "dest": "https://client.example.com/queryCallback",
        "createdAt": "2026-11-28T10:15:00.000Z",
        "minRecordTime": "2026-11-28T10:20:00.000Z",
        "epcFormat": "Always_GS1_Digital_Link",
        "state": "ACTIVE",
        "failedAttempts": 0,
        "stream": True,
        "lastNotifiedAt": "2026-11-28T10:20:00.000Z",
    }

    subscription_id: str = msgspec.field(name="subscriptionID")
    query_name: str = msgspec.field(name="queryName")
    dest: str
    created_at: str = msgspec.field(name="createdAt")
    min_record_time: str = msgspec.field(name="minRecordTime")
    epc_format: EpcFormat = msgspec.field(name="epcFormat")
    state: Annotated[State, described(description=_STATES)]
    failed_attempts: int = msgspec.field(name="failedAttempts")
    stream: bool | UnsetType = UNSET
    schedule: Schedule | UnsetType = UNSET
    report_if_empty: bool | UnsetType = msgspec.field(default=UNSET, name="reportIfEmpty")
    initial_record_time: str | UnsetType = msgspec.field(default=UNSET, name="initialRecordTime")
    last_notified_at: str | UnsetType = msgspec.field(default=UNSET, name="lastNotifiedAt")
    next_attempt_at: str | UnsetType = msgspec.field(default=UNSET, name="nextAttemptAt")
    delivery_id: str | UnsetType = msgspec.field(default=UNSET, name="deliveryID")
    last_error: str | UnsetType = msgspec.field(default=UNSET, name="lastError")

    @property
    def id(self) -> str:
        return self.subscription_id


class TestDelivery(msgspec.Struct):
    """What a receiver made of a document without events. Without `status` it has not answered."""

    __test__: ClassVar[bool] = False
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "deliveryID": "0199b6a4-8d21-7a4c-9e6b-4c2d3e5f6a71",
        "sentAt": "2026-11-28T10:20:00.000Z",
        "delivered": False,
        "milliseconds": 120,
        "status": 404,
        "error": "It answered 404.",
    }

    delivery_id: str = msgspec.field(name="deliveryID")
    sent_at: str = msgspec.field(name="sentAt")
    is_delivered: bool = msgspec.field(name="delivered")
    milliseconds: int
    status: int | UnsetType = UNSET
    error: str | UnsetType = UNSET


class EventPosition(NamedTuple):
    """The place of an event in the order of capture."""

    record_time: int
    number: int


class Delivery(NamedTuple):
    """What is posted: `events` of them up to that at `end`. With the last one a scheduled run is complete."""

    id: str
    end: EventPosition
    events: int
    at: int
    is_last: bool


class SubscriptionRow(NamedTuple):
    """A row of `epcis_subscriptions`. Times in milliseconds; `delivery_id` is None while nothing is under way.

    The position is the place of the last event that was delivered, or does not match.
    """

    account_id: str
    id: str
    query_name: str
    dest: str
    sealed_secret: bytes
    epc_format: EpcFormat
    schedule: str | None
    report_if_empty: int
    initial_record_time: int | None
    min_record_time: int
    actor: str
    created_at: int
    last_notified_at: int | None
    state: State
    position_time: int
    position: int
    due_at: int
    has_reported: int
    batch_size: int
    worker: str | None
    lease_until: int
    delivery_id: str | None
    delivery_end_time: int
    delivery_end: int
    delivery_events: int
    delivery_at: int
    delivery_is_last: int
    attempts: int
    last_error: str | None

    @property
    def place(self) -> EventPosition:
        return EventPosition(self.position_time, self.position)

    @property
    def delivery(self) -> Delivery | None:
        """The delivery that is under way: a retry is the same one."""
        if self.delivery_id is None:
            return None
        end = EventPosition(self.delivery_end_time, self.delivery_end)
        return Delivery(self.delivery_id, end, self.delivery_events, self.delivery_at, bool(self.delivery_is_last))


class Lease(NamedTuple):
    """A subscription that `worker` alone delivers."""

    account_id: str
    id: str
    worker: str
