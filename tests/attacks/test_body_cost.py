"""The cost of a body depends on its size, not on its content. Security rule L4."""

from __future__ import annotations

import pytest

from attacks.cases import case
from harness.raw_http import request_bytes, response_statuses, send_bytes
from harness.world import World

SIZE = 250_000
TIMES = 8
NOISE_S = 0.25
"""Split at each empty line, these bodies took three times as long."""


def request(world: World, framing: str, unit: bytes) -> bytes:
    """One that a caller with a token sends, so that all of the body is read."""
    body = unit * (SIZE // len(unit))
    fields = [("Content-Type", "application/json"), ("Authorization", f"Bearer {world.owner.access}")]
    if framing == "length":
        return request_bytes(world.api, "POST", "/api/v1/products", fields, body)
    fields.append(("Transfer-Encoding", "chunked"))
    head = request_bytes(world.api, "POST", "/api/v1/products", fields, content_length=False)
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize("framing", [case("L4", name, name) for name in ("length", "chunked")])
@pytest.mark.parametrize(
    "unit", [case("L4", "empty lines", b"\r\n\r\n"), case("L4", "ends of chunked bodies", b"\r\n0\r\n\r\n")]
)
def test_empty_lines_in_a_body_cost_no_more_than_other_bytes(world: World, framing: str, unit: bytes) -> None:
    seconds = []
    for content in (b"x", unit):
        before = world.server.process.cpu_seconds()
        for _ in range(TIMES):
            [status] = response_statuses(send_bytes(world.api, request(world, framing, content)))
            assert 400 <= status < 500
        seconds.append(world.server.process.cpu_seconds() - before)
    assert seconds[1] < 2 * seconds[0] + NOISE_S
