"""Shares with partners, requests for them, and what partners share."""

from __future__ import annotations

from linkxg_client.calls import share_requests, shared_products, shares
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Shares(Resource):
    """Shares with partners."""

    list = ListMethod(shares.list_shares)
    of_product = ListMethod(shares.list_of_product)
    get = Method(shares.get)
    create = Method(shares.create)
    preview = Method(shares.preview)
    withdraw = Method(shares.withdraw)


class ShareRequests(Resource):
    """Requests for shares, own and of partners."""

    list = ListMethod(share_requests.list_requests)
    get = Method(share_requests.get)
    send = Method(share_requests.send)
    approve = Method(share_requests.approve)
    decline = Method(share_requests.decline)
    cancel = Method(share_requests.cancel)


class SharedProducts(Resource):
    """Products that partners share."""

    list = ListMethod(shared_products.list_products)
    get = Method(shared_products.get)
    versions = ListMethod(shared_products.list_versions)
    version = Method(shared_products.get_version)
    acknowledge = Method(shared_products.acknowledge)
    adopt = Method(shared_products.adopt)


class AsyncShares(AsyncResource):
    """Shares with partners, for asyncio."""

    list = AsyncListMethod(shares.list_shares)
    of_product = AsyncListMethod(shares.list_of_product)
    get = AsyncMethod(shares.get)
    create = AsyncMethod(shares.create)
    preview = AsyncMethod(shares.preview)
    withdraw = AsyncMethod(shares.withdraw)


class AsyncShareRequests(AsyncResource):
    """Requests for shares, own and of partners, for asyncio."""

    list = AsyncListMethod(share_requests.list_requests)
    get = AsyncMethod(share_requests.get)
    send = AsyncMethod(share_requests.send)
    approve = AsyncMethod(share_requests.approve)
    decline = AsyncMethod(share_requests.decline)
    cancel = AsyncMethod(share_requests.cancel)


class AsyncSharedProducts(AsyncResource):
    """Products that partners share, for asyncio."""

    list = AsyncListMethod(shared_products.list_products)
    get = AsyncMethod(shared_products.get)
    versions = AsyncListMethod(shared_products.list_versions)
    version = AsyncMethod(shared_products.get_version)
    acknowledge = AsyncMethod(shared_products.acknowledge)
    adopt = AsyncMethod(shared_products.adopt)
