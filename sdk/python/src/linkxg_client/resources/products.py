"""Products and their versions."""

from __future__ import annotations

from linkxg_client.calls import products as calls
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Products(Resource):
    """Products and their versions."""

    list = ListMethod(calls.list_products)
    get = Method(calls.get)
    by_sku = Method(calls.by_sku)
    by_gtin = Method(calls.by_gtin)
    create = Method(calls.create)
    update = Method(calls.update)
    publish = Method(calls.publish)
    discard_draft = Method(calls.discard_draft)
    delete = Method(calls.delete)
    unarchive = Method(calls.unarchive)
    versions = ListMethod(calls.list_versions)
    version = Method(calls.get_version)
    withdraw_version = Method(calls.withdraw_version)


class AsyncProducts(AsyncResource):
    """Products and their versions, for asyncio."""

    list = AsyncListMethod(calls.list_products)
    get = AsyncMethod(calls.get)
    by_sku = AsyncMethod(calls.by_sku)
    by_gtin = AsyncMethod(calls.by_gtin)
    create = AsyncMethod(calls.create)
    update = AsyncMethod(calls.update)
    publish = AsyncMethod(calls.publish)
    discard_draft = AsyncMethod(calls.discard_draft)
    delete = AsyncMethod(calls.delete)
    unarchive = AsyncMethod(calls.unarchive)
    versions = AsyncListMethod(calls.list_versions)
    version = AsyncMethod(calls.get_version)
    withdraw_version = AsyncMethod(calls.withdraw_version)
