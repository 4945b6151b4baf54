"""How is the running program driven from outside, with nothing but processes and sockets?"""

import pytest

# Their assertions should explain themselves as those of a test file do.
pytest.register_assert_rewrite(
    *(f"harness.{name}" for name in ("answers", "clients", "databases", "people", "postgres", "server"))
)
