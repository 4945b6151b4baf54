"""The HTTP server: protocol, workers and the supervisor that keeps them running."""
