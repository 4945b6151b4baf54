"""HTTP toolkit that knows no feature: bodies in, errors and headers out, limits, pages, logs, metrics."""
