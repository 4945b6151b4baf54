"""How large a document may be, and how many events it may have."""

from __future__ import annotations

import gzip
import json
import os

import pytest

from epcis.documents import CAPTURE, document, object_event, send
from harness.raw_http import send_raw
from harness.world import World
from linkxg.audit.model import Actor
from linkxg.errors import PayloadTooLarge
from linkxg.jobs.lease import JobLease
from linkxg.jobs.lines import Unreadable
from linkxg.jobs.start_job import new_job
from linkxg.network.epcis.capture import capture_job, document_check


def test_a_document_beyond_the_limit_is_refused_with_the_limits(world: World) -> None:
    head = (
        f"POST /api/v1{CAPTURE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.owner.access}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {(100 << 20) + 1}\r\nConnection: close\r\n\r\n"
    )
    announced = send_raw(world.api, head.encode() + b"{")
    # Blank space, which is compressed to less than a fiftieth otherwise.
    noise = bytes(b" \t\r\n"[byte % 4] for byte in os.urandom(1 << 20))
    packed = send(
        world, gzip.compress(document([object_event()]) + noise * 101, 1), headers={"Content-Encoding": "gzip"}
    )
    for answer in (announced, packed):
        assert answer is not None
        answer.expect(413, "payload_too_large")
        assert answer.object()["type"] == "epcisException:CaptureLimitExceededException"
        assert answer.header("gs1-epcis-capture-limit") == "100000"
        assert answer.header("gs1-epcis-capture-file-size-limit") == str(100 << 20)


def test_a_document_with_more_events_than_announced_is_refused_with_the_limits(world: World) -> None:
    """While it arrives, not by the job."""
    least = b'{"eventTime":"2026-11-28T10:00:00Z","eventTimeZoneOffset":"+00:00"}'
    content = document([]).replace(b'"eventList": []', b'"eventList":[%b]' % b",".join([least] * 100_001))
    answer = send(world, content).expect(413, "payload_too_large")
    assert answer.object()["type"] == "epcisException:CaptureLimitExceededException"
    assert "100,000 events" in answer.object()["detail"]
    assert answer.header("gs1-epcis-capture-limit") == "100000"
    assert answer.header("gs1-epcis-capture-file-size-limit") == str(100 << 20)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_events_are_counted_wherever_a_document_is_divided(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(document_check, "MAX_EVENTS", 3)

    def feed(content: bytes) -> None:
        check = document_check.DocumentHeadCheck()
        for start in range(0, len(content), size):
            check.watch(content[start : start + size])

    said = {"example:note": 'an "eventTime" and an "eventTimeZoneOffset"', "example:eventTime": "x"}
    feed(document(object_event(**said) for _ in range(3)))
    with pytest.raises(PayloadTooLarge):
        feed(document(object_event() for _ in range(4)))


def test_reading_ends_at_the_limit_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job fails then; with `proceed` the events before are captured."""
    monkeypatch.setattr(capture_job, "MAX_EVENTS", 2)
    kind, lease = capture_job.EventCapture(), JobLease("a", "j", "w", "user", "u")
    actor = Actor("user", "u", "a", "127.0.0.1", "r")
    read = kind.open(new_job(actor, "events", format="json"), lease, b"")
    texts = iter(read.open_rows(iter([document(object_event() for _ in range(3))])))
    assert [json.loads(next(texts)[1])["type"] for _ in range(2)] == ["ObjectEvent"] * 2
    with pytest.raises(Unreadable, match="at most 100,000 events"):
        next(texts)
