"""The query of the pages of traceability: which item, which way, how far, and as of which day."""

from typing import Literal, NamedTuple
from urllib.parse import urlencode

from linkxg.clock import LATEST_MS
from linkxg.console.expiry_day import end_of_day
from linkxg.console.guard import PageRequest
from linkxg.console.typed_item import NotAnItem, read_typed_item
from linkxg.errors import InvalidRequest
from linkxg.http.rate_budgets import caller_key
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.find_graph import GraphQuery
from linkxg.network.traceability.model import DEFAULT_DEPTH, MAX_DEPTH, MAX_NODES
from linkxg.network.traceability.read_graph import GRAPHS, TraceReader
from linkxg.network.traceability.walk_result import WalkLimits

DIRECTIONS: dict[str, tuple[str, tuple[Literal["upstream", "downstream"], ...]]] = {
    "both": ("Both ways", ("upstream", "downstream")),
    "upstream": ("What it was made of", ("upstream",)),
    "downstream": ("What was made of it", ("downstream",)),
}
NODES = (50, 100, 250, 500)
"""Items that a page shows; a drawing of more cannot be read."""
_DAY_MS = 999


class TraceQuery(NamedTuple):
    """As typed; `faults` are (field, message)."""

    text: str
    direction: str
    depth: int
    nodes: int
    day: str
    uri: str
    bounds: Bounds
    faults: list[tuple[str, str]]
    not_an_item: NotAnItem | None

    def graph_query(self, nodes: int | None = None) -> GraphQuery:
        limits = WalkLimits(self.depth, nodes or self.nodes)
        return GraphQuery(self.uri, DIRECTIONS[self.direction][1], limits, self.bounds)

    def address(self, path: str, **changed: object) -> str:
        """A page with this query."""
        typed = {
            "q": self.text, "direction": self.direction, "depth": self.depth, "nodes": self.nodes, "day": self.day,
        }  # fmt: skip
        return f"{path}?{urlencode({name: value for name, value in (typed | changed).items() if value})}"


def read_trace_query(page: PageRequest) -> TraceQuery:
    """Whatever the address contains; `uri` is empty if it names no item."""
    query, faults = page.query, []
    text, day = query.text("q").strip(), query.text("day").strip()
    direction = query.text("direction")
    uri, not_an_item = "", None
    if text:
        try:
            uri = read_typed_item(text)
        except NotAnItem as error:
            not_an_item = error
            faults.append(("q", error.message))
    bounds, fault = read_day(day)
    if fault:
        faults.append(("day", fault))
    return TraceQuery(
        text,
        direction if direction in DIRECTIONS else "both",
        _number(query.text("depth"), range(1, MAX_DEPTH + 1), DEFAULT_DEPTH),
        _number(query.text("nodes"), NODES, NODES[0]),
        day,
        uri,
        bounds,
        faults,
        not_an_item,
    )


def read_day(text: str) -> tuple[Bounds, str]:
    """Only events recorded by the end of that day in UTC; and what is wrong with it."""
    try:
        end = end_of_day(text)
    except InvalidRequest:
        return Bounds(), "Enter a day such as 2026-11-27."
    return Bounds(as_of=LATEST_MS if end is None else end * 1_000 + _DAY_MS), ""


async def trace_reader(page: PageRequest) -> TraceReader:
    """What the verbs of traceability need, after a request of the caller's budget. Raises RateLimitExceeded."""
    await page.services.limits.spend(GRAPHS, caller_key(page.account_id, page.person.user_id))
    return page.services.trace_reader


def most_nodes(query: TraceQuery) -> GraphQuery:
    """For a download."""
    return query.graph_query(MAX_NODES)


def _number(text: str, allowed: "range | tuple[int, ...]", otherwise: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else otherwise
    return number if number in allowed else otherwise
