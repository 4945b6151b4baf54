"""The hooks that are called for published products, whether by the API, the console, imports or the demo."""

from linkxg.catalog.products.publication import PublishHooks, StateHooks
from linkxg.network.feed.product_changes import product_changed, product_published
from linkxg.network.passports.issue.issue_models import issue_models
from linkxg.network.passports.signing.revoke_status import revoke_withdrawn_version

PUBLISH_HOOKS: PublishHooks = (issue_models, product_published)
STATE_HOOKS: StateHooks = (revoke_withdrawn_version, product_changed)
