"""The resources of the API, sync and async."""
