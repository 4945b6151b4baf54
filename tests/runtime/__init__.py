"""The runtime: caches that are bounded."""
