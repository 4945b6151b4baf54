"""Versions of a product: drafted, published, superseded, withdrawn; a published one never changes."""
