"""Benchmarks: one script per hot path, each figure a ratio against a base measured in the same run."""
