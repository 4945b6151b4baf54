"""Digital Product Passports."""

from __future__ import annotations

from linkxg_client.calls import passports as calls
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Passports(Resource):
    """Digital Product Passports."""

    list = ListMethod(calls.list_passports)
    get = Method(calls.get)
    issue = Method(calls.issue)
    withdraw = Method(calls.withdraw)
    change_life_status = Method(calls.change_life_status)


class AsyncPassports(AsyncResource):
    """Digital Product Passports, for asyncio."""

    list = AsyncListMethod(calls.list_passports)
    get = AsyncMethod(calls.get)
    issue = AsyncMethod(calls.issue)
    withdraw = AsyncMethod(calls.withdraw)
    change_life_status = AsyncMethod(calls.change_life_status)
