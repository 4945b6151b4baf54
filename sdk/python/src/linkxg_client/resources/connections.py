"""Connections, and the feed of what partners changed."""

from __future__ import annotations

from linkxg_client.calls import connections as calls
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Connections(Resource):
    """Connections, and the feed of what partners changed."""

    list = ListMethod(calls.list_connections)
    get = Method(calls.get)
    invite = Method(calls.invite)
    accept = Method(calls.accept)
    decline = Method(calls.decline)
    revoke = Method(calls.revoke)
    confirm_gln = Method(calls.confirm_gln)
    access_log = ListMethod(calls.list_reads)
    changes = Method(calls.changes)


class AsyncConnections(AsyncResource):
    """Connections, and the feed of what partners changed, for asyncio."""

    list = AsyncListMethod(calls.list_connections)
    get = AsyncMethod(calls.get)
    invite = AsyncMethod(calls.invite)
    accept = AsyncMethod(calls.accept)
    decline = AsyncMethod(calls.decline)
    revoke = AsyncMethod(calls.revoke)
    confirm_gln = AsyncMethod(calls.confirm_gln)
    access_log = AsyncListMethod(calls.list_reads)
    changes = AsyncMethod(calls.changes)
