"""Digital Product Passports."""

from __future__ import annotations

from linkxg_client.calls import passport_access as access
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
    versions = ListMethod(calls.list_versions)
    qr_code = Method(calls.qr_code)
    issue = Method(calls.issue)
    withdraw = Method(calls.withdraw)
    change_life_status = Method(calls.change_life_status)
    grants = ListMethod(access.list_grants)
    grant = Method(access.grant)
    revoke_grant = Method(access.revoke_grant)
    accesses = ListMethod(access.list_accesses)
    access_requests = ListMethod(access.list_access_requests)
    approve_access = Method(access.approve_access)
    decline_access = Method(access.decline_access)


class AsyncPassports(AsyncResource):
    """Digital Product Passports, for asyncio."""

    list = AsyncListMethod(calls.list_passports)
    get = AsyncMethod(calls.get)
    versions = AsyncListMethod(calls.list_versions)
    qr_code = AsyncMethod(calls.qr_code)
    issue = AsyncMethod(calls.issue)
    withdraw = AsyncMethod(calls.withdraw)
    change_life_status = AsyncMethod(calls.change_life_status)
    grants = AsyncListMethod(access.list_grants)
    grant = AsyncMethod(access.grant)
    revoke_grant = AsyncMethod(access.revoke_grant)
    accesses = AsyncListMethod(access.list_accesses)
    access_requests = AsyncListMethod(access.list_access_requests)
    approve_access = AsyncMethod(access.approve_access)
    decline_access = AsyncMethod(access.decline_access)
