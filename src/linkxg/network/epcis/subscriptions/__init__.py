"""Subscriptions of named queries: their events are posted to an address, signed, in the order of capture."""
