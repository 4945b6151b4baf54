"""Sends a file as a resumable upload."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from harness.answers import Answer
from harness.people import Session
from harness.world import World
from imports.files import IMPORTS

MIB = 1 << 20
PART = "application/partial-upload"


def content_of(job: Mapping[str, Any]) -> str:
    return f"{IMPORTS}/{job['id']}/content"


def start_upload(world: World, length: int, *, headers: Any = None, **options: str) -> Answer:
    """One attempt to begin an upload of so many bytes."""
    query = f"?{urlencode(options)}" if options else ""
    fields = {"Upload-Length": str(length), **(headers or {})}
    return world.api.post(IMPORTS + query, bearer=world.owner.access, headers=fields)


def upload_part(
    world: World, job: Mapping[str, Any], offset: int, content: bytes, *, type: str = PART, by: Session | None = None
) -> Answer:
    """One attempt to add a part."""
    headers = {"Upload-Offset": str(offset), "Content-Type": type}
    return world.api.patch(content_of(job), bearer=(by or world.owner).access, content=content, headers=headers)


def upload_offset(world: World, job: Mapping[str, Any]) -> int:
    head = world.api.request("HEAD", content_of(job), bearer=world.owner.access).expect(200)
    assert head.body == b""
    return int(head.header("upload-offset") or -1)


def settled_offset(world: World, job: Mapping[str, Any], *, at_least: int, seconds: float = 10.0) -> int:
    """Where the rest begins, once the server has stored what it had got and does not grow any more."""
    until = time.monotonic() + seconds
    before, now = -1, 0
    while time.monotonic() < until and (now < at_least or before < now):
        before = now
        time.sleep(0.2)
        now = upload_offset(world, job)
    return now
