"""The hooks that every publication calls: those of the API, the console, imports and the demo."""

from linkxg.catalog.products.publication import PublishHooks
from linkxg.network.changes.product_changes import product_published

PUBLISH_HOOKS: PublishHooks = (product_published,)
