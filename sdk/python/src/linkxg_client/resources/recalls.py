"""Recalls, and the notices of partners."""

from __future__ import annotations

from linkxg_client.calls import recalls as calls
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Recalls(Resource):
    """Recalls, and the notices of partners."""

    list = ListMethod(calls.list_recalls)
    get = Method(calls.get)
    announce = Method(calls.announce)
    withdraw = Method(calls.withdraw)
    remind = Method(calls.remind)
    acknowledge_for = Method(calls.acknowledge_for)
    recipient_items = ListMethod(calls.list_recipient_items)
    notices = ListMethod(calls.list_notices)
    notice = Method(calls.get_notice)
    notice_items = ListMethod(calls.list_notice_items)
    acknowledge = Method(calls.acknowledge)


class AsyncRecalls(AsyncResource):
    """Recalls, and the notices of partners, for asyncio."""

    list = AsyncListMethod(calls.list_recalls)
    get = AsyncMethod(calls.get)
    announce = AsyncMethod(calls.announce)
    withdraw = AsyncMethod(calls.withdraw)
    remind = AsyncMethod(calls.remind)
    acknowledge_for = AsyncMethod(calls.acknowledge_for)
    recipient_items = AsyncListMethod(calls.list_recipient_items)
    notices = AsyncListMethod(calls.list_notices)
    notice = AsyncMethod(calls.get_notice)
    notice_items = AsyncListMethod(calls.list_notice_items)
    acknowledge = AsyncMethod(calls.acknowledge)
