"""List products through the generated Python client."""

import json
import os

import openapi_client  # type: ignore[import-not-found]  # generated

configuration = openapi_client.Configuration(host=os.environ["API"], access_token=os.environ["TOKEN"])
with openapi_client.ApiClient(configuration) as client:
    page = openapi_client.ProductsApi(client).list_products(limit=200)
print(json.dumps(sorted(product.sku for product in page.data)))
