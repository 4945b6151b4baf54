"""Parts and requests of resumable uploads that are malformed."""

from __future__ import annotations

from typing import Any

import pytest

from harness.answers import Answer
from harness.raw_http import send_raw
from harness.world import World
from imports.files import IMPORTS
from imports.resumable_uploads import PART, content_of, start_upload, upload_offset

pytestmark = pytest.mark.usefixtures("nothing_is_left_open")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": ""}, 400),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "1_0"}, 400),
        ({"Upload-Offset": "00"}, 400),
        ({"Upload-Offset": "0x0"}, 400),
        ({"Upload-Offset": "9" * 400}, 400),
        ({"Upload-Offset": "\xb2"}, 400),
        ({"Content-Type": "text/csv"}, 415),
        ({"Content-Type": "application/partial-upload-x"}, 415),
        ({"Content-Type": "\xff"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
    ],
)
def test_malformed_parts_are_rejected(world: World, headers: dict[str, str], status: int) -> None:
    job = start_upload(world, 1_000).expect(202).data()
    given = {"Upload-Offset": "0", "Content-Type": PART} | headers
    fields = [(name, value.encode("latin-1").decode("latin-1")) for name, value in given.items()]
    answer = _patched(world, job, fields)
    assert (answer.status, upload_offset(world, job)) == (status, 0)


def _patched(world: World, job: dict[str, Any], fields: list[tuple[str, str]]) -> Answer:
    """Sent as they are, also those that no well-meaning client can write."""
    written = "".join(f"{name}: {value}\r\n" for name, value in fields)
    answer = send_raw(
        world.api,
        (
            f"PATCH /api/v1{content_of(job)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n"
            f"Authorization: Bearer {world.owner.access}\r\n{written}\r\nx"
        ).encode("latin-1"),
    )
    assert answer is not None
    return answer


def test_a_part_without_offset_is_rejected(world: World) -> None:
    job = start_upload(world, 1_000).expect(202).data()
    assert _patched(world, job, [("Content-Type", PART)]).status == 400
    assert upload_offset(world, job) == 0


@pytest.mark.parametrize("length", ["", "-1", "010", "1e3", "1.0", "\u00b2", "9" * 400, "0 0"])
def test_malformed_lengths_are_rejected(world: World, length: str) -> None:
    answer = send_raw(
        world.api,
        (
            f"POST /api/v1{IMPORTS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpload-Length: {length}\r\n"
            f"Authorization: Bearer {world.owner.access}\r\nContent-Length: 0\r\n\r\n"
        ).encode("latin-1"),
    )
    assert answer is not None
    answer.expect(400, "invalid_request")


def test_malformed_upload_requests_are_rejected(world: World) -> None:
    start_upload(world, 0).expect(422, "validation_failed")
    headers = {"Upload-Length": "9", "Content-Type": "text/csv"}
    with_body = world.api.post(IMPORTS, bearer=world.owner.access, content=b"sku,name\n", headers=headers)
    with_body.expect(400, "invalid_request")
    start_upload(world, 9, headers={"Content-Type": "text/csv"}, format="json").expect(400, "invalid_request")
    assert start_upload(world, 9, headers={"Content-Type": "application/json"}).expect(202).data()["format"] == "json"
    assert start_upload(world, 9).expect(202).data()["format"] == "csv"
