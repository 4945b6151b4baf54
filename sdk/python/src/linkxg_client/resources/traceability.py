"""What events tell about items."""

from __future__ import annotations

from linkxg_client.calls import traceability as calls
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Traceability(Resource):
    """What events tell about items."""

    graph = Method(calls.graph)
    events = ListMethod(calls.list_events)
    status = Method(calls.status)
    impact = Method(calls.impact)


class AsyncTraceability(AsyncResource):
    """What events tell about items, for asyncio."""

    graph = AsyncMethod(calls.graph)
    events = AsyncListMethod(calls.list_events)
    status = AsyncMethod(calls.status)
    impact = AsyncMethod(calls.impact)
