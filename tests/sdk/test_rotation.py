"""A secret is rotated while the client works: no call fails, and no lost answer or crash loses the new secret."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from harness.clients import OAuthClient, request_token, rotate
from harness.world import World
from linkxg_client import (
    AsyncLinkXG,
    CallableSecret,
    ClientCredentials,
    ConnectionFailed,
    LinkXG,
    PermissionDenied,
    RetryPolicy,
    RotationSchedule,
    Secret,
    SecretFile,
    SecretUnavailable,
)
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock
from sdk.lossy_proxy import LossyProxy
from sdk.processes import finish, start

pytestmark = pytest.mark.any_engine


@pytest.fixture
def file(oauth: OAuthClient, tmp_path: Path) -> SecretFile:
    made = SecretFile(tmp_path / "secret")
    made.write(Secret(oauth.client_secret))
    return made


@pytest.fixture
def shared(
    world: World, oauth: OAuthClient, file: SecretFile, recorder: Recorder, clock: ShiftedClock
) -> ClientCredentials:
    """Credentials whose secret is in a file."""
    return ClientCredentials(oauth.client_id, file, connection=connect(world.server.url, recorder, clock))


def stored(world: World, oauth: OAuthClient, file: SecretFile) -> OAuthClient:
    """The client with the secret that the file has now."""
    secret = world.vault.remember("client secret", file.read().reveal())
    return OAuthClient(oauth.client_id, secret, oauth.scope, "unknown")


def live_secrets(world: World, oauth: OAuthClient) -> int:
    client = world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200).object()
    return len(client["secrets"])


def test_the_new_secret_is_stored_and_the_old_one_overlaps(
    world: World, oauth: OAuthClient, file: SecretFile, shared: ClientCredentials
) -> None:
    rotation = shared.rotate_secret(overlap=timedelta(minutes=5))
    assert rotation.rotated
    assert rotation.previous_expires_at is not None
    assert 290 < rotation.previous_expires_at.timestamp() - time.time() < 310
    now = stored(world, oauth, file)
    assert now.client_secret != oauth.client_secret
    request_token(world.api, now).expect(200)
    request_token(world.api, oauth).expect(200)
    assert {each.name for each in file.path.parent.iterdir()} == {"secret", "secret.lock"}


@pytest.mark.parametrize("overlap", [timedelta(0), timedelta(minutes=5)])
def test_no_call_fails_while_a_hundred_tasks_run(
    world: World, oauth: OAuthClient, file: SecretFile, shared: ClientCredentials, overlap: timedelta,
) -> None:  # fmt: skip
    calls, ended = [0] * 100, False

    async def work(client: AsyncLinkXG, number: int) -> None:
        while not ended:
            async for _ in client.products.list(sku="none"):
                raise AssertionError
            calls[number] += 1

    async def everybody(tasks: list[asyncio.Task[None]]) -> None:
        """Every task has finished two more calls, so that one began after this did."""
        before = list(calls)
        while not all(now >= then + 2 for now, then in zip(calls, before, strict=True)):
            assert not any(task.done() for task in tasks)
            await asyncio.sleep(0.01)

    async def main() -> None:
        nonlocal ended
        async with AsyncLinkXG(shared) as client:
            tasks = [asyncio.create_task(work(client, number)) for number in range(100)]
            for number in range(3):
                await everybody(tasks)
                # Every second time the tokens end as well: all tasks need the new secret at once.
                await shared.arotate_secret(overlap=overlap, revoke_tokens=number % 2 == 0)
            await everybody(tasks)
            ended = True
            await asyncio.gather(*tasks)

    asyncio.run(main())
    request_token(world.api, stored(world, oauth, file)).expect(200)


def test_an_owner_rotates_while_tasks_run(
    world: World, oauth: OAuthClient, file: SecretFile, shared: ClientCredentials, recorder: Recorder
) -> None:
    """Their deployment writes the file a little later than the old secret ends; the client reads it again."""
    with LinkXG(shared) as client:
        list(client.products.list(sku="none"))
        answer = rotate(world.api, oauth, world.owner.access, revoke_tokens=True).expect(200).object()
        file.write(Secret(answer["client_secret"]))
        list(client.products.list(sku="none"))
    assert recorder.tokens == 2


def test_a_lost_answer_does_not_lose_the_secret(world: World, oauth: OAuthClient, file: SecretFile) -> None:
    with LossyProxy(world.server.url) as proxy:
        credentials = ClientCredentials(
            oauth.client_id, file, connection=connect(proxy.url, Recorder(), ShiftedClock())
        )
        proxy.lose("/rotate", 3)
        assert credentials.rotate_secret().rotated
        assert proxy.lost["/rotate"] == 3
    request_token(world.api, stored(world, oauth, file)).expect(200)
    assert live_secrets(world, oauth) == 2


def test_the_next_rotation_continues_one_whose_answers_were_all_lost(
    world: World, oauth: OAuthClient, file: SecretFile
) -> None:
    with LossyProxy(world.server.url) as proxy:
        connection = connect(proxy.url, Recorder(), ShiftedClock())
        impatient = ClientCredentials(oauth.client_id, file, connection=connection, retry=RetryPolicy(attempts=1))
        proxy.lose("/rotate", 1)
        with pytest.raises(ConnectionFailed):
            impatient.rotate_secret()
        assert file.read() == Secret(oauth.client_secret)
        key = file.path.with_name("secret.rotation").read_text()
        assert impatient.rotate_secret().rotated
        assert key
    # The secret of the lost answer, not a third one: that would have ended the old one before its time.
    request_token(world.api, stored(world, oauth, file)).expect(200)
    request_token(world.api, oauth).expect(200)
    assert live_secrets(world, oauth) == 2


def test_a_rotation_after_one_that_cannot_be_continued(world: World, oauth: OAuthClient, file: SecretFile) -> None:
    with LossyProxy(world.server.url) as proxy:
        connection = connect(proxy.url, Recorder(), ShiftedClock())
        impatient = ClientCredentials(oauth.client_id, file, connection=connection, retry=RetryPolicy(attempts=1))
        proxy.lose("/rotate", 1)
        with pytest.raises(ConnectionFailed):
            impatient.rotate_secret(overlap=timedelta(minutes=5))
        # Another overlap is another request: the service rejects the old key.
        assert impatient.rotate_secret(overlap=timedelta(minutes=6)).rotated
    request_token(world.api, stored(world, oauth, file)).expect(200)


def test_a_process_that_is_killed_before_it_stores_the_secret(
    world: World, oauth: OAuthClient, file: SecretFile
) -> None:
    script = """
        import os, sys
        from linkxg_client import ClientCredentials, Connection, SecretFile
        from linkxg_client.secret_file import FileRotation
        FileRotation.store = lambda self, secret: os._exit(9)
        ClientCredentials(sys.argv[1], SecretFile(sys.argv[2]), connection=Connection(sys.argv[3])).rotate_secret()
    """
    finish(start(script, oauth.client_id, str(file.path), world.server.url), expect=9)
    assert file.read() == Secret(oauth.client_secret)
    credentials = ClientCredentials(
        oauth.client_id, file, connection=connect(world.server.url, Recorder(), ShiftedClock())
    )
    assert credentials.rotate_secret().rotated
    request_token(world.api, stored(world, oauth, file)).expect(200)
    # A second rotation would have ended the first secret before its time.
    request_token(world.api, oauth).expect(200)
    assert live_secrets(world, oauth) == 2


def test_two_processes_with_one_file_rotate_once(world: World, oauth: OAuthClient, file: SecretFile) -> None:
    script = """
        import sys
        from datetime import timedelta
        from linkxg_client import ClientCredentials, Connection, LinkXG, RotationSchedule, SecretFile
        credentials = ClientCredentials(sys.argv[1], SecretFile(sys.argv[2]), connection=Connection(sys.argv[3]))
        with LinkXG(credentials) as client:
            for _ in range(5):
                list(client.products.list(sku="none"))
                rotated = RotationSchedule(credentials, every=timedelta(days=30)).rotate_if_due()
                print("rotated" if rotated else "not due")
                credentials.tokens("products:read").forget()
                list(client.products.list(sku="none"))
    """
    long_ago = time.time() - 40 * 86_400
    os.utime(file.path, (long_ago, long_ago))
    running = [start(script, oauth.client_id, str(file.path), world.server.url) for _ in range(2)]
    output = "".join(finish(process) for process in running)
    assert output.count("rotated") == 1
    assert output.count("not due") == 9
    request_token(world.api, stored(world, oauth, file)).expect(200)


def test_a_schedule_rotates_when_the_secret_is_old(
    shared: ClientCredentials, file: SecretFile, clock: ShiftedClock, recorder: Recorder
) -> None:
    schedule = RotationSchedule(shared, every=timedelta(days=30), overlap=timedelta(days=1))
    assert not schedule.rotate_if_due()
    assert 29 * 86_400 < schedule.due_in() <= 30 * 86_400
    assert recorder.count("/rotate") == 0
    clock.ahead = 31 * 86_400
    before = file.read()
    with schedule:
        deadline = time.monotonic() + 10
        while file.read() == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert recorder.count("/rotate") == 1


def test_a_schedule_as_a_task(shared: ClientCredentials, file: SecretFile, clock: ShiftedClock) -> None:
    clock.ahead = 31 * 86_400
    before = file.read()

    async def main() -> None:
        task = asyncio.create_task(RotationSchedule(shared, every=timedelta(days=30)).run())
        while file.read() == before:  # noqa: ASYNC110 - the file has no event
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(main(), 10))


def test_a_secret_that_cannot_be_stored_is_not_rotated(
    world: World, credentials: ClientCredentials, oauth: OAuthClient, recorder: Recorder
) -> None:
    with pytest.raises(SecretUnavailable, match="SecretFile"):
        credentials.rotate_secret()
    assert recorder.count("/rotate") == 0
    request_token(world.api, oauth).expect(200)


def test_a_function_that_stores_the_secret(
    world: World, oauth: OAuthClient, recorder: Recorder, clock: ShiftedClock
) -> None:
    vault = [oauth.client_secret]
    source = CallableSecret(lambda: vault[-1], store=lambda secret: vault.append(secret.reveal()))
    credentials = ClientCredentials(oauth.client_id, source, connection=connect(world.server.url, recorder, clock))
    credentials.rotate_secret()
    assert len(vault) == 2
    credentials.tokens().forget()
    credentials.token()


def test_a_client_that_may_not_rotate_keeps_its_secret(
    world: World, oauth: OAuthClient, file: SecretFile, shared: ClientCredentials
) -> None:
    changed = {"self_rotation": False}
    world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json=changed).expect(200)
    with pytest.raises(PermissionDenied):
        shared.rotate_secret()
    assert {each.name for each in file.path.parent.iterdir()} == {"secret", "secret.lock"}
    assert file.read() == Secret(oauth.client_secret)
