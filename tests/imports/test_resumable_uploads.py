"""A resumable upload arrives whole, whatever happens between its parts."""

from __future__ import annotations

import gzip
import hashlib
import socket
import time
from functools import partial

import pytest

from harness.concurrency import concurrently
from harness.raw_http import send_raw
from harness.world import World
from imports.files import IMPORTS, by_sku, counts, csv_file, ended, new_sku, run, send
from imports.resumable_uploads import MIB, PART, content_of, settled_offset, start_upload, upload_offset, upload_part

pytestmark = pytest.mark.usefixtures("nothing_is_left_open")


def bolts(number: int = 3) -> bytes:
    return csv_file(("sku", "name"), [[new_sku(), f"Bolt {place}"] for place in range(number)])


def test_a_file_uploaded_in_parts_is_imported_as_one(world: World) -> None:
    content = bolts(5)
    answer = start_upload(world, len(content)).expect(202)
    job = answer.data()
    assert answer.header("location") == job["links"]["self"]
    assert (job["status"], job["links"]["content"]) == ("UPLOADING", f"{job['links']['self']}/content")
    assert answer.header("retry-after") is None
    for start, end in ((0, 7), (7, 7), (7, 100), (100, len(content))):
        assert upload_offset(world, job) == start
        added = upload_part(world, job, start, content[start:end]).expect(204)
        assert added.header("upload-offset") == str(end)
        assert added.header("upload-complete") == ("?1" if end == len(content) else "?0")
    done = ended(world, job)
    assert (done["status"], counts(done)) == ("COMPLETED", (5, 0, 0, 0))
    assert (done["sha256"], done["bytesTotal"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert done["links"]["content"] is None


def test_get_and_head_report_the_upload_offset(world: World) -> None:
    job = start_upload(world, 1_000).expect(202).data()
    upload_part(world, job, 0, b"sku,name\n").expect(204)
    head = world.api.request("HEAD", content_of(job), bearer=world.owner.access).expect(200)
    assert head.header("cache-control") == "no-store"
    assert [head.header(f"upload-{name}") for name in ("offset", "length", "complete")] == ["9", "1000", "?0"]
    limits = dict(one.split("=") for one in (head.header("upload-limit") or "").split(", "))
    assert limits["max-size"] == str(100 * MIB)
    assert 3_500 < int(limits["max-age"]) <= 3_600
    upload = world.api.get(content_of(job), bearer=world.owner.access).expect(200).data()
    assert (upload["offset"], upload["length"], upload["complete"]) == (9, 1_000, False)
    assert upload["expiresAt"] > job["createdAt"]


@pytest.mark.parametrize("options", [{"publish": "true"}, {"dryRun": "true", "onError": "rollback", "mode": "create"}])
def test_an_upload_takes_every_import_option(world: World, options: dict[str, str]) -> None:
    content = bolts()
    job = start_upload(world, len(content), **options).expect(202).data()
    upload_part(world, job, 0, content).expect(204)
    done = ended(world, job)
    named = {name: str(done[name]).lower() if isinstance(done[name], bool) else done[name] for name in options}
    assert named == options
    assert (done["rowsProcessed"], done["failed"]) == (3, 3 if "publish" in options else 0)


@pytest.mark.parametrize("packed", [False, True])
def test_large_and_gzipped_files_are_uploaded_in_parts(world: World, packed: bool) -> None:
    sku = new_sku()
    # Names that gzip cannot make small: its file has more than one block too.
    names = [hashlib.sha512(f"{number}".encode()).hexdigest() for number in range(20_000)]
    plain = csv_file(("sku", "name"), [[f"{sku}-{number}", name] for number, name in enumerate(names)])
    content = gzip.compress(plain) if packed else plain
    assert len(content) > MIB
    job = start_upload(world, len(content), dryRun="true").expect(202).data()
    for start in range(0, len(content), 700_000):
        part = content[start : start + 700_000]
        upload_part(world, job, start, part, type="application/offset+octet-stream").expect(204)
    done = ended(world, job)
    assert (done["status"], counts(done), done["bytesTotal"]) == ("COMPLETED", (20_000, 0, 0, 0), len(plain))


def test_a_wrong_offset_is_a_conflict_with_the_current_one(world: World) -> None:
    content = bolts()
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content[:20]).expect(204)
    for offset in (0, 19, 21, len(content), 10**14):
        answer = upload_part(world, job, offset, content[20:]).expect(409, "conflict")
        assert answer.header("upload-offset") == "20"
    upload_part(world, job, 20, content[20:]).expect(204)
    again = upload_part(world, job, len(content), b"").expect(409, "invalid_state")
    assert again.header("upload-offset") == str(len(content))
    assert counts(ended(world, job)) == (3, 0, 0, 0)
    assert upload_offset(world, job) == len(content)


def test_more_than_the_announced_length_is_rejected(world: World) -> None:
    content = bolts()
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content[:20]).expect(204)
    refused = upload_part(world, job, 20, content[20:] + b"x").expect(413, "payload_too_large")
    assert refused.header("upload-limit") == f"max-size={100 * MIB}"
    chunk = content[20:] + b"x"
    unknown = send_raw(
        world.api,
        f"PATCH /api/v1{content_of(job)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpload-Offset: 20\r\n"
        f"Authorization: Bearer {world.owner.access}\r\nContent-Type: {PART}\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n{len(chunk):x}\r\n".encode()
        + chunk
        + b"\r\n0\r\n\r\n",
    )
    assert unknown is not None
    unknown.expect(413, "payload_too_large")
    assert upload_offset(world, job) == 20
    start_upload(world, 100 * MIB + 1).expect(413, "payload_too_large")
    start_upload(world, 10**15 - 1).expect(413, "payload_too_large")


def test_bytes_received_before_a_lost_connection_are_kept(world: World) -> None:
    sku = new_sku()
    content = csv_file(("sku", "name"), [[f"{sku}-{number}", "Bolt " * 40] for number in range(20_000)])
    assert len(content) > 4 * MIB
    job = start_upload(world, len(content), dryRun="true").expect(202).data()
    cut = 2 * MIB + 12_345
    with socket.create_connection(world.api.address, 10) as raw:
        raw.sendall(
            f"PATCH /api/v1{content_of(job)} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\n"
            f"Authorization: Bearer {world.owner.access}\r\nContent-Type: {PART}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
        )
        raw.sendall(content[:cut])
    offset = settled_offset(world, job, at_least=2 * MIB)
    assert 2 * MIB <= offset <= cut
    upload_part(world, job, offset, content[offset:]).expect(204)
    done = ended(world, job)
    assert (counts(done), done["sha256"]) == ((20_000, 0, 0, 0), hashlib.sha256(content).hexdigest())


def test_less_than_a_block_received_before_a_lost_connection_is_kept(world: World) -> None:
    job = start_upload(world, 1_000).expect(202).data()
    offset = 0
    # What the service has not read when the connection ends is lost: it gets more time each time.
    for pause in (0.2, 1.0, 3.0):
        with socket.create_connection(world.api.address, 10) as raw:
            raw.sendall(
                f"PATCH /api/v1{content_of(job)} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\n"
                f"Authorization: Bearer {world.owner.access}\r\nContent-Type: {PART}\r\n"
                f"Content-Length: 1000\r\n\r\nsku,name\n".encode()
            )
            time.sleep(pause)
        if offset := settled_offset(world, job, at_least=9, seconds=3):
            break
    assert offset == 9


def test_of_concurrent_identical_parts_one_is_accepted(world: World) -> None:
    content = bolts(200)
    job = start_upload(world, len(content)).expect(202).data()
    half = len(content) // 2
    for start, end in ((0, half), (half, len(content))):
        answers = concurrently([partial(upload_part, world, job, start, content[start:end])] * 4)
        assert sorted(answer.status for answer in answers) == [204, 409, 409, 409]
    done = ended(world, job)
    assert (counts(done), done["sha256"]) == ((200, 0, 0, 0), hashlib.sha256(content).hexdigest())


def test_an_unusable_header_is_rejected_with_the_first_part(world: World) -> None:
    content = b"sku,nmae\n" + b"a,b\n" * MIB
    job = start_upload(world, len(content)).expect(202).data()
    details = upload_part(world, job, 0, content[:MIB]).expect(422, "validation_failed").json()["details"]
    assert [(one["field"], one["code"]) for one in details] == [("nmae", "unknown_column")]
    failed = ended(world, job)
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "unknown_column")
    assert "Did you mean name?" in failed["error"]["message"]
    upload_part(world, job, MIB, content[MIB:]).expect(404, "not_found")
    # A small file is looked at as a whole.
    job = start_upload(world, 12).expect(202).data()
    [detail] = upload_part(world, job, 0, b"sku,name\na,\xff").expect(422, "validation_failed").json()["details"]
    assert detail["code"] == "encoding"
    assert ended(world, job)["links"]["retry"] is None


@pytest.mark.parametrize("bad", ["encoding", "gzip"])
def test_a_late_file_error_fails_the_import_before_its_first_row(world: World, bad: str) -> None:
    sku = new_sku()
    if bad == "gzip":
        content = gzip.compress(b"sku,name\n" + hashlib.shake_128(b"").hexdigest(MIB).encode(), 1)
        content = content[:-4] + b"\0\0\0\0"
    else:
        content = f"sku,name\n{sku},Bolt\n".encode() + b"a,b\n" * (MIB // 2) + b"\xff\n"
    assert len(content) > MIB
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content).expect(204)
    failed = ended(world, job)
    assert (failed["status"], failed["error"]["code"], counts(failed)) == ("FAILED", bad, (0, 0, 0, 0))
    assert by_sku(world, sku) is None
    world.api.post(f"{IMPORTS}/{job['id']}/retry", bearer=world.owner.access).expect(409, "invalid_state")


def test_a_gzip_bomb_in_parts_is_rejected(world: World) -> None:
    bomb = gzip.compress(b"sku,name\n" + b"a,b\n" * (40 << 18))
    job = start_upload(world, len(bomb)).expect(202).data()
    details = upload_part(world, job, 0, bomb).expect(422, "validation_failed").json()["details"]
    assert details[0]["code"] == "gzip"


def test_a_cancelled_upload_accepts_nothing_more(world: World) -> None:
    job = start_upload(world, 1_000).expect(202).data()
    upload_part(world, job, 0, b"sku,name\n").expect(204)
    cancelled = world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=world.owner.access).expect(202).data()
    assert (cancelled["status"], cancelled["links"]["retry"]) == ("CANCELLED", None)
    upload_part(world, job, 9, b"a,b\n").expect(404, "not_found")
    world.api.request("HEAD", content_of(job), bearer=world.owner.access).expect(404)


def test_uploads_count_among_the_imports_of_an_account(world: World) -> None:
    jobs = [start_upload(world, 1_000).expect(202).data() for _ in range(2)]
    start_upload(world, 1_000).expect(429, "rate_limit_exceeded")
    send(world, bolts()).expect(429, "rate_limit_exceeded")
    world.api.post(f"{IMPORTS}/{jobs[0]['id']}/cancel", bearer=world.owner.access).expect(202)
    assert counts(run(world, bolts())) == (3, 0, 0, 0)


def test_starting_twice_with_one_key_is_one_upload(world: World) -> None:
    key = {"Idempotency-Key": new_sku()}
    content = bolts()
    first = start_upload(world, len(content), headers=key).expect(202).data()
    upload_part(world, first, 0, content[:10]).expect(204)
    again = start_upload(world, len(content), headers=key).expect(202)
    assert (again.data()["id"], again.header("idempotent-replayed")) == (first["id"], "true")
    assert again.header("upload-offset") == "10"
    start_upload(world, len(content) + 1, headers=key).expect(422, "idempotency_key_reused")
    send(world, content, headers=key).expect(422, "idempotency_key_reused")


def test_only_the_caller_that_began_an_upload_continues_it(world: World) -> None:
    """The import is recorded as theirs, and ends with their rights."""
    content = bolts()
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content, by=world.session("ADMIN")).expect(403, "access_denied")
    assert upload_offset(world, job) in (-1, 0)
    upload_part(world, job, 0, content).expect(204)


def test_an_upload_is_not_found_by_another_account(world: World) -> None:
    job = start_upload(world, 1_000).expect(202).data()
    stranger = world.other_owner
    upload_part(world, job, 0, b"sku,name\n", by=stranger).expect(404, "not_found")
    for method in ("GET", "HEAD"):
        world.api.request(method, content_of(job), bearer=stranger.access).expect(
            404, None if method == "HEAD" else "not_found"
        )
    assert upload_offset(world, job) == 0
    for bearer, status in ((None, 401), (world.token("products:write"), 403)):
        headers = {"Upload-Offset": "0", "Content-Type": PART}
        assert world.api.patch(content_of(job), bearer=bearer, content=b"x", headers=headers).status == status
        assert world.api.get(content_of(job), bearer=bearer).status == status


def test_an_import_without_upload_has_no_content_resource(world: World) -> None:
    whole = run(world, bolts())
    for job in (whole, {"id": "x"}, {"id": "01a21459-4224-7fa3-ae42-53d04af1e601"}):
        world.api.get(content_of(job), bearer=world.owner.access).expect(404, "not_found")
        upload_part(world, job, 0, b"x").expect(404, "not_found")


def test_the_audit_trail_names_the_uploader(world: World) -> None:
    content = bolts()
    job = start_upload(world, len(content)).expect(202).data()
    upload_part(world, job, 0, content).expect(204)
    ended(world, job)
    listed = world.api.get("/account/audit-events?limit=20", bearer=world.owner.access).expect(200).json()["data"]
    events = {one["action"]: one for one in listed if one["target"] == job["id"]}
    assert events["import.started"]["details"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert events["import.started"]["actorId"] == events["import.finished"]["actorId"] == world.account.owner.user_id
