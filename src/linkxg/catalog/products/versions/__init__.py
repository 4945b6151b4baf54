"""The versions of a product: drafts, and published versions, which are immutable."""
