"""The hooks that are called for published products, whether by the API, the console, imports or the demo."""

from linkxg.catalog.products.publication import PublishHooks, StateHooks
from linkxg.network.feed.product_changes import product_changed, product_published

PUBLISH_HOOKS: PublishHooks = (product_published,)
STATE_HOOKS: StateHooks = (product_changed,)
