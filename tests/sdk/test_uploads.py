"""Imports in parts: what has arrived is not sent again, however the connection breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from harness.clients import OAuthClient
from harness.world import World
from linkxg_client import AsyncLinkXG, ClientCredentials, ConnectionFailed, LinkXG, NotFound
from linkxg_client.calls import import_steps
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock
from sdk.lossy_proxy import LossyProxy
from sdk.test_resources import new_sku

PART = 20_000
ROWS = 2_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text("sku,name\n" + "".join(f"{new_sku()},Cordless drill 18 V\n" for _ in range(ROWS)))
    return path


@pytest.fixture
def uploader(world: World) -> OAuthClient:
    return world.new_client("imports:write")


def client_with(url: str, uploader: OAuthClient, recorder: Recorder) -> LinkXG:
    connection = connect(url, recorder, ShiftedClock())
    return LinkXG(ClientCredentials(uploader.client_id, uploader.client_secret, connection=connection))


def losing_part(number: int, times: int = 1) -> Callable[[httpx.Request], None]:
    """A fault that breaks the connection at the PATCH of this number and the ones after it."""
    seen = 0

    def fault(request: httpx.Request) -> None:
        nonlocal seen
        if request.method == "PATCH":
            seen += 1
            if number <= seen < number + times:
                raise httpx.ReadError("broken", request=request)

    return fault


def parts(recorder: Recorder) -> int:
    return sum(method == "PATCH" for method, _ in recorder.requests)


def test_a_file_arrives_in_parts(world: World, uploader: OAuthClient, file: Path) -> None:
    recorder, sent = Recorder(), list[int]()
    with client_with(world.server.url, uploader, recorder) as client:
        started = client.imports.upload(file, part_size=PART, on_sent=lambda done, size: sent.append(done))
        job = client.imports.wait(started)
        assert (job.status, job.created) == ("COMPLETED", ROWS)
        results = list(client.imports.results(job.id))
    assert [each.row for each in results[:2]] == [1, 2]
    assert {each.status for each in results} == {"CREATED"}
    assert parts(recorder) == -(-file.stat().st_size // PART)
    assert sent == sorted(sent)
    assert sent[-1] == file.stat().st_size


def test_after_a_lost_answer_the_next_part_is_sent(world: World, uploader: OAuthClient, file: Path) -> None:
    recorder = Recorder()
    with LossyProxy(world.server.url) as proxy, client_with(proxy.url, uploader, recorder) as client:
        proxy.lose("/content", 1)
        job = client.imports.wait(client.imports.upload(file, part_size=PART))
        assert proxy.lost["/content"] == 1
    assert (job.status, job.created) == ("COMPLETED", ROWS)
    assert parts(recorder) == -(-file.stat().st_size // PART)


def test_a_part_that_did_not_arrive_is_sent_again(world: World, uploader: OAuthClient, file: Path) -> None:
    recorder = Recorder(losing_part(2))
    with client_with(world.server.url, uploader, recorder) as client:
        job = client.imports.wait(client.imports.upload(file, part_size=PART))
    assert (job.status, job.created) == ("COMPLETED", ROWS)
    assert parts(recorder) == -(-file.stat().st_size // PART) + 1


def test_another_process_sends_the_rest(
    world: World, uploader: OAuthClient, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_steps, "FIRST_PAUSE_S", 0.0)
    broken, later = Recorder(losing_part(2, 100)), Recorder()
    with client_with(world.server.url, uploader, broken) as client, pytest.raises(ConnectionFailed):
        client.imports.upload(file, part_size=PART)
    with client_with(world.server.url, uploader, later) as client:
        (begun,) = [job for job in client.imports.list() if job.status == "UPLOADING"]
        other = file.with_name("other.csv")
        other.write_text("sku,name\n")
        with pytest.raises(ValueError, match="another size"):
            client.imports.resume(begun.id, other)
        job = client.imports.wait(client.imports.resume(begun.id, file, part_size=PART))
    assert (job.status, job.created) == ("COMPLETED", ROWS)
    assert parts(later) == -(-file.stat().st_size // PART) - 1


def test_an_upload_that_was_cancelled_ends(world: World, uploader: OAuthClient, file: Path) -> None:
    with client_with(world.server.url, uploader, Recorder()) as client:

        def cancel(sent: int, size: int) -> None:
            if sent > PART:
                for job in client.imports.list():
                    if job.status == "UPLOADING":
                        client.imports.cancel(job.id)

        with pytest.raises(NotFound):
            client.imports.upload(file, part_size=PART, on_sent=cancel)


def test_a_task_uploads_in_parts(world: World, uploader: OAuthClient, file: Path) -> None:
    async def main() -> None:
        connection = connect(world.server.url, Recorder(), ShiftedClock())
        credentials = ClientCredentials(uploader.client_id, uploader.client_secret, connection=connection)
        async with AsyncLinkXG(credentials) as client:
            job = await client.imports.wait(await client.imports.upload(file, part_size=PART))
            assert (job.status, job.created) == ("COMPLETED", ROWS)

    asyncio.run(main())
