"""Drives the running program from outside, with processes and sockets only."""

import pytest

# Their assertions should explain themselves as those of a test file do.
pytest.register_assert_rewrite(
    *(f"harness.{name}" for name in ("answers", "clients", "databases", "people", "postgres", "server"))
)
