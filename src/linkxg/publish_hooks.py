"""The hooks that every publication calls: those of the API, the console, imports and the demo."""

from linkxg.catalog.products.publication import PublishHooks

PUBLISH_HOOKS: PublishHooks = ()
