"""The requests of each resource, for the classes of `resources` that send them."""
