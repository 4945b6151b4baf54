"""Files in `multipart/form-data` (RFC 7578): every field counts, and errors are found as early as without a form."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.answers import Answer
from harness.world import World
from imports.files import IMPORTS, by_sku, counts, ended, in_pairs, new_sku
from imports.resumable_uploads import MIB

ANSWER_S = 20.0


def form(*parts: tuple[str, bytes], boundary: str = "3a1b-4c") -> bytes:
    """Parts as (their head after the name of its first field, their content)."""
    made = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return made + f"--{boundary}--\r\n".encode()


def send_form(world: World, *parts: tuple[str, bytes], **query: str) -> Answer:
    path = f"{IMPORTS}?{urlencode(query)}" if query else IMPORTS
    headers = {"Content-Type": 'multipart/form-data; boundary="3a1b-4c"'}
    return world.api.post(path, bearer=world.owner.access, content=form(*parts), headers=headers)


def file_part(content: bytes = b"", head: str = 'name="file"; filename="a.csv"') -> tuple[str, bytes]:
    return head, content or f"sku,name\n{new_sku()},Drill\n".encode()


def field(name: str, value: str) -> tuple[str, bytes]:
    return f'name="{name}"', value.encode()


@pytest.mark.any_engine
def test_form_fields_are_read_as_parameters(world: World) -> None:
    in_pairs(partial(require_honoured, world, is_last=is_last) for is_last in (True, False))


def require_honoured(world: World, *, is_last: bool) -> None:
    sku = new_sku()
    fields = [field("dryRun", "true"), field("onError", "rollback"), field("key", "sku"), field("publish", "false")]
    file = file_part(f'[{{"sku":"{sku}","content":{{"name":"Drill"}}}}]'.encode())
    fields.append(field("format", "json"))
    parts = [*fields, file] if is_last else [file, *fields]
    job: dict[str, Any] = send_form(world, *parts, dryRun="true").expect(202).data()
    assert (job["dryRun"], job["onError"], job["format"]) == (True, "rollback", "json")
    ended(world, job)
    assert by_sku(world, sku) is None


FORMS = {
    "unknown field": ([field("dry_run", "true"), file_part()], {}, 400, "dry_run"),
    "unknown field after the file": ([file_part(), field("comment", "x")], {}, 400, "comment"),
    "contradiction": ([field("dryRun", "true"), file_part()], {"dryRun": "false"}, 400, "dryRun"),
    "contradiction after the file": ([file_part(), field("mode", "create")], {"mode": "update"}, 400, "mode"),
    "repeated": ([field("mode", "create"), file_part(), field("mode", "create")], {}, 400, "repeated"),
    "no value of it": ([field("dryRun", "maybe"), file_part()], {}, 400, "true, false"),
    "another resource": ([field("resource", "events"), file_part()], {}, 400, "products"),
    "two files": ([file_part(), file_part()], {}, 400, "more than one file"),
    "charset of the file": (
        [file_part(head='name="file"; filename="a.csv"\r\nContent-Type: text/csv; charset=utf-7')], {}, 415, "utf-7"),
    "charset of a field": (
        [('name="mode"\r\nContent-Type: text/plain; charset=utf-16', b"create"), file_part()], {}, 415, "UTF-8"),
    "encoding of the file": (
        [file_part(head='name="file"; filename="a.csv"\r\nContent-Encoding: br')], {}, 415, "gzip"),
    "transfer encoding": (
        [file_part(head='name="file"; filename="a.csv"\r\nContent-Transfer-Encoding: base64')], {}, 400, "Transfer"),
    "repeated head": (
        [file_part(head='name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\nContent-Type: text/plain')],
        {}, 400, "repeated"),
    "name and type": (
        [file_part(head='name="file"; filename="a.json"\r\nContent-Type: text/csv')], {}, 400, "disagree"),
    "column that one mode needs": ([file_part(b"sku\nx\n"), field("mode", "create")], {}, 422, "columns"),
}  # fmt: skip


@pytest.mark.any_engine
@pytest.mark.parametrize("name", FORMS)
def test_invalid_form_fields_are_rejected(world: World, name: str) -> None:
    parts, query, status, says = FORMS[name]
    before = {one["id"] for one in world.api.get(IMPORTS, bearer=world.owner.access).expect(200).data()}
    codes = {400: "invalid_request", 415: "unsupported_media_type", 422: "validation_failed"}
    answer = send_form(world, *parts, **query).expect(status, codes[status])
    assert says in answer.json()["error_description"], answer
    after = {one["id"] for one in world.api.get(IMPORTS, bearer=world.owner.access).expect(200).data()}
    assert after == before


FILE_NAMES = {
    "name=file; filename=\"=?utf-8?B?UHJlaXNlw6QubmRqc29u?=\"; filename*=utf-8''Preise%C3%A4.ndjson": "Preiseä.ndjson",
    'name=file; filename="=?utf-8?B?UHJlaXNlw6QubmRqc29u?="': "Preiseä.ndjson",
    'name="file"; filename="Preiseä.ndjson"': "Preiseä.ndjson",
    'name="file"\r\nContent-Type: application/x-ndjson': None,
    'name="file"; filename="blob"\r\nContent-Type: application/x-ndjson': "blob",
    'name="file"; filename="=?é?q?x?="\r\nContent-Type: application/x-ndjson': "=?é?q?x?=",
}


@pytest.mark.any_engine
def test_file_names_as_dotnet_sends_them_are_read(world: World) -> None:
    def check(head: str, name: str | None) -> None:
        content = f'{{"sku":"{new_sku()}","content":{{"name":"Drill"}}}}'.encode()
        job = send_form(world, (head, content), dryRun="true").expect(202).data()
        assert (job["format"], job["fileName"]) == ("ndjson", name)
        ended(world, job)

    in_pairs(partial(check, head, name) for head, name in FILE_NAMES.items())


def first_line_of(world: World, *parts: tuple[str, bytes], query: str = "") -> str:
    """The first line of the answer to a form of which the end is never sent."""
    body = form(*parts)[: -len("\r\n--3a1b-4c--\r\n")]
    head = (
        f"POST /api/v1{IMPORTS}{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.owner.access}\r\n"
        f"Content-Type: multipart/form-data; boundary=3a1b-4c\r\nContent-Length: {len(body) + 9 * MIB}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=ANSWER_S) as connection:
        connection.sendall(head.encode() + body)
        return connection.recv(12).decode()


@pytest.mark.any_engine
def test_a_form_with_an_unusable_file_is_rejected_early(world: World) -> None:
    """It was stored to its end, since a field behind it might have changed the options."""
    rows = b"a,b\n" * (MIB // 2)
    unusable = {
        "no such column": [file_part(b"sku,nmae\n" + rows)],
        "no key": [file_part(b"name,brand\n" + rows)],
        "mode is decided": [field("mode", "create"), file_part(b"sku,brand\n" + rows)],
        "format is decided": [field("format", "json"), file_part(b"sku,name\n" + rows)],
    }
    for name, parts in unusable.items():
        assert first_line_of(world, *parts) == "HTTP/1.1 422", name
    assert first_line_of(world, file_part(b"sku,brand\n" + rows), query="?mode=create") == "HTTP/1.1 422"


@pytest.mark.any_engine
def test_fields_after_a_large_file_are_honoured(world: World) -> None:
    start = new_sku()
    row = f'{{"sku":"{start}","content":{{"name":"{"x" * 200}"}}}},\n'
    array = f"[{row * (MIB // len(row) + 1)}".removesuffix(",\n").encode() + b"]"
    as_json = send_form(world, file_part(array), field("format", "json"), field("dryRun", "true")).expect(202).data()
    rows = f"gtin,name\n{',x' * 9}\n".encode() + b",\n" * (MIB // 2)
    by_gtin = send_form(world, file_part(rows), field("key", "gtin"), field("dryRun", "true")).expect(202).data()
    assert (as_json["format"], by_gtin["key"]) == ("json", "gtin")
    assert counts(ended(world, as_json))[0] == 1
    ended(world, by_gtin)
    wrong = send_form(world, file_part(b"sku,brand\n" + b"a,b\n" * (MIB // 2)), field("mode", "create"))
    assert wrong.expect(422, "validation_failed").json()["details"][0]["field"] == "name"
