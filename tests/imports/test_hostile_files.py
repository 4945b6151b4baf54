"""Hostile files: never a 5xx (security rule U1), never half a row, and the service goes on."""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from harness.answers import Answer
from harness.rows import count_rows
from harness.world import World
from imports.files import (
    IMPORTS,
    by_sku,
    counts,
    csv_file,
    ended,
    failed_file,
    failures,
    new_gtin,
    new_sku,
    run,
    send,
)

HEADER = b"sku,name\n"
WorldFactory = Callable[..., World]
BINARY = {"Content-Type": "text/csv"}


def refused(answer: Answer, code: str) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = answer.expect(422, "validation_failed").json()["details"]
    assert code in {one["code"] for one in details}, details
    return details


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        (HEADER + b"a,\xff\n", 11),
        (HEADER + b"a,\xe4rger\n", 11),
        (HEADER + b"a,\xed\xa0\x80\n", 11),
        (HEADER + b"x" * (3 << 18) + b"\xc3", (3 << 18) + 9),
        (HEADER + b"x" * (3 << 18) + b"\xc3\n", (3 << 18) + 9),
    ],
)
def test_an_encoding_error_is_reported_with_its_byte_offset(world: World, content: bytes, offset: int) -> None:
    [detail] = refused(send(world, content), "encoding")
    assert f"byte {offset} " in detail["message"]


def test_control_characters_fail_their_row_alone(world: World) -> None:
    good = new_sku()
    job = run(world, b"sku,name\n" + new_sku().encode() + b",a\x00b\n" + good.encode() + b",Bolt\n")
    assert counts(job) == (1, 0, 0, 1)
    assert failures(world, job)[0]["code"] == "control_character"
    for escape in ("\\u0000", "\\ud800", "\\u007f"):
        line = f'{{"sku": "{new_sku()}", "content": {{"name": "a{escape}b"}}}}\n'
        assert counts(run(world, line.encode(), format="ndjson")) == (0, 0, 0, 1)


@pytest.mark.parametrize("opening", ["", '"'])
def test_a_10_mib_cell_fails_the_import_at_its_row(world: World, opening: str) -> None:
    first, last = new_sku(), new_sku()
    content = f"sku,name\n{first},Bolt\nx,{opening}{'y' * (10 << 20)}{opening}\n{last},Nut\n".encode()
    job = run(world, content)
    assert (job["status"], job["error"]["code"], counts(job)) == ("FAILED", "row_too_large", (1, 0, 0, 0))
    assert job["error"]["message"].startswith("Line 3: ")
    assert by_sku(world, last) is None


def test_a_million_columns_are_rejected(world: World) -> None:
    refused(send(world, b"a," * 400_000 + b"\n"), "too_many_columns")
    refused(send(world, b"a," * 1_000_000 + b"\n"), "too_many_columns")
    job = run(world, HEADER + new_sku().encode() + b",a" * 300_000 + b"\n")
    assert failures(world, job)[0]["code"] == "cells"


def test_an_unclosed_quote_fails_the_import(world: World) -> None:
    first = new_sku()
    job = run(world, f'sku,name\n{first},Bolt\n{new_sku()},"Nut\n{new_sku()},Screw\n'.encode())
    assert (job["status"], job["error"]["code"], counts(job)) == ("FAILED", "quotes", (1, 0, 0, 0))
    assert by_sku(world, first) is not None
    assert job["error"]["message"].startswith("Line 3: In the row that begins here, a quotation mark is misplaced")
    # The next quotation mark seems to close the first: the row with the fault is named all the same.
    text = f'sku,name\n{new_sku()},"Two\nlines"\n\n{new_sku()},"Nut\n{new_sku()},"Screw"\n{new_sku()},Bolt\n'
    assert run(world, text.encode())["error"]["message"].startswith("Line 5: ")
    refused(send(world, b'sku,"name\na,b\n'), "quotes")


def test_a_row_of_many_large_cells_is_too_large(world: World) -> None:
    first, names = new_sku(), ["sku", "name", *(f"attributes.a{number}" for number in range(40))]
    cell = '"' + "y\n" * 50_000 + '"'
    large = ",".join([new_sku(), "Nut", *[cell] * 40])
    content = f"{','.join(names)}\n{first},Bolt{',' * 40}\n{large}\n".encode()
    job = run(world, content)
    assert (job["status"], job["error"]["code"], counts(job)) == ("FAILED", "row_too_large", (1, 0, 0, 0))


def test_a_sku_that_is_too_long_fails_its_row_alone(world: World) -> None:
    job = run(world, csv_file(("sku", "name"), [["x" * 65, "Bolt"], [new_sku().ljust(64, "x"), "Nut"]]))
    assert counts(job) == (1, 0, 0, 1)
    assert failures(world, job)[0]["field"] == "sku"


def test_duplicate_keys_in_a_file_fail_their_rows(world: World) -> None:
    sku, gtin = new_sku(), new_gtin()
    job = run(world, csv_file(("sku", "name"), [[sku, "Bolt"], [sku, "Nut"], [sku, "Bolt"]]))
    assert counts(job) == (1, 0, 0, 2)
    assert {one["code"] for one in failures(world, job)} == {"duplicate_key_in_file"}
    rows = [[new_sku(), gtin, "Bolt"], [new_sku(), gtin.rjust(14, "0"), "Nut"]]
    job = run(world, csv_file(("sku", "gtin", "name"), rows))
    assert counts(job) == (1, 0, 0, 1)
    (duplicate,) = failures(world, job)
    assert (duplicate["code"], duplicate["value"]) == ("duplicate_gtin", gtin.rjust(14, "0"))


def test_formulas_stay_texts_and_are_neutralised_in_exports(world: World) -> None:
    cells = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "＋1", "－1", "＠SUM(A1)"]
    job = run(world, csv_file(("sku", "gtin", "brand", "name"), [[new_sku(), "9", cell, cell] for cell in cells]))
    assert job["failed"] == len(cells)
    for line in failed_file(world, job).decode().splitlines()[1:]:
        for cell in line.replace('"', "").split(","):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")), line


def test_gzip_bombs_are_rejected(world: World) -> None:
    bomb = gzip.compress(b"sku,name\n" + b"a,b\n" * (40 << 18))
    refused(send(world, bomb), "gzip")
    # A member of its own for each part: the ratio is that of the whole.
    refused(send(world, gzip.compress(HEADER) + gzip.compress(b"\0" * (20 << 20))), "gzip")


def test_corrupt_or_truncated_gzip_is_rejected(world: World) -> None:
    whole = gzip.compress(csv_file(("sku", "name"), [[new_sku(), "Bolt"]]))
    refused(send(world, whole[:-9]), "gzip")
    refused(send(world, whole[:12] + b"\xff\xff" + whole[14:]), "gzip")
    refused(send(world, whole + b"rest"), "gzip")
    refused(send(world, b"\x1f\x8b"), "gzip")
    # zlib's own format is not gzip.
    refused(send(world, zlib.compress(HEADER)), "encoding")


def test_empty_and_malformed_headers_are_rejected(world: World) -> None:
    refused(send(world, b""), "empty")
    refused(send(world, b"\xef\xbb\xbf"), "missing_column")
    details = refused(send(world, b"sku,Nmae,brnad,category,colour\nx,y,z,a,b\n"), "unknown_column")
    reported = {one["field"]: one["message"] for one in details}
    assert "Did you mean name?" in reported["Nmae"]
    assert "Did you mean brand?" in reported["brnad"]
    assert "attributes." in reported["colour"]
    refused(send(world, b"sku,name,name\n"), "repeated_column")
    refused(send(world, b"name\nBolt\n"), "missing_column")
    refused(send(world, b"sku\nx\n", mode="create"), "missing_column")
    refused(send(world, 'sku,name,nämé"\n'.encode()), "unknown_column")


def test_column_order_does_not_matter(world: World) -> None:
    sku = new_sku()
    run(world, csv_file(("sku", "name", "brand"), [[sku, "Bolt", "Acme"]]))
    job = run(world, csv_file(("brand", "sku", "name"), [["Acme", sku, "Bolt"]]))
    assert counts(job) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[", b"[{}", b"[1,]", b'[{"a":', b"[{}]x", b"[" * 100_000, b'["' + b"a" * 3_000_000, b"[" + b"9" * 6_000],
)
def test_malformed_json_files_import_nothing(world: World, content: bytes) -> None:
    answer = send(world, content, format="json")
    if answer.status == 202:
        job = ended(world, answer.data())
        assert job["status"] in ("FAILED", "COMPLETED_WITH_ERRORS")
        assert counts(job)[:3] == (0, 0, 0)
    else:
        refused(answer, "not_json")


def test_invalid_json_rows_fail_one_by_one(world: World) -> None:
    rows = [b"1", b"null", b'"x"', b"{}", b'{"sku": 1}', b'{"sku": "a", "sku": "b"}', b'{"sku": "a", "name": "b"}',
            b'{"sku": "a", "content": []}', b'{"sku": "a", "content": {"name": 1}}', b'{"sku": "x", "content": NaN}',
            b'{"sku": "a", "content": {"name": "b", "account_id": "c"}}', b'{"sku": "b","content":{}}']  # fmt: skip
    job = run(world, b'{"sku": ""}\n' + b"\n".join(rows), format="ndjson")
    assert counts(job) == (0, 0, 0, len(rows) + 1)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "application/octet-stream"])
def test_unsupported_media_types_are_rejected(world: World, kind: str) -> None:
    answer = world.api.post(IMPORTS, bearer=world.owner.access, content=HEADER, headers={"Content-Type": kind})
    assert answer.status in (400, 415)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nsku,name\n',
        b'--x\r\nContent-Disposition: form-data; name="other"; filename="a.csv"\r\n\r\nsku,name\n\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * 10_000 + b"\r\n--x--\r\n",
    ],
)
def test_malformed_forms_are_rejected(world: World, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    world.api.post(IMPORTS, bearer=world.owner.access, content=body, headers=headers).expect(400, "invalid_request")


def test_unknown_parameter_values_are_rejected(world: World) -> None:
    for query in ("mode=delete", "format=xml", "dryRun=maybe", "resource=events", "onerror=rollback", "key=ean"):
        world.api.post(
            f"{IMPORTS}?{query}", bearer=world.owner.access, content=HEADER, headers=BINARY
        ).expect(400, "invalid_request")  # fmt: skip


def test_a_file_that_is_too_large_is_rejected_before_it_is_sent(world: World) -> None:
    host, port = world.api.address
    with socket.create_connection((host, port), 10) as raw:
        raw.sendall(
            f"POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.owner.access}\r\n"
            f"Content-Type: text/csv\r\nContent-Length: {101 << 20}\r\n\r\n".encode()
        )
        assert b" 413 " in raw.recv(4_096).partition(b"\r\n")[0]


def test_an_aborted_upload_leaves_nothing(world: World) -> None:
    before = {one["id"] for one in world.api.get(IMPORTS, bearer=world.owner.access).expect(200).data()}
    host, port = world.api.address
    with socket.create_connection((host, port), 10) as raw:
        raw.sendall(
            f"POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.owner.access}\r\n"
            f"Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\nsku,name\n".encode()
        )
    sku = new_sku()
    run(world, csv_file(("sku", "name"), [[sku, "Bolt"]]))
    # A page holds the newest, however many there are already.
    after = world.api.get(IMPORTS, bearer=world.owner.access).expect(200).data()
    assert {one["status"] for one in after if one["id"] not in before} == {"COMPLETED"}


def test_a_large_file_that_is_rejected_at_its_end_leaves_nothing(engine: str, fresh_world: WorldFactory) -> None:
    world = fresh_world(engine)
    refused(send(world, HEADER + b"a,b\n" * (3 << 20) + b"\xff"), "encoding")
    assert [count_rows(world.server.database, table) for table in ("import_jobs", "import_blocks")] == [0, 0]


def test_other_routes_keep_their_body_limit(world: World) -> None:
    body = b'{"sku": "' + b"x" * (300 << 10) + b'"}'
    world.api.post(
        "/products", bearer=world.owner.access, content=body, headers={"Content-Type": "application/json"}
    ).expect(413, "payload_too_large")


def test_a_failed_row_reports_all_its_errors(world: World) -> None:
    """Else it would be mended and fail again."""
    columns = ["sku", "gtin", "name", "countryOfProduction", "dimensions.netWeight.value", "dimensions.netWeight.unit"]
    job = run(world, csv_file(columns, [[new_sku(), "123", "Hex bolt", "XX", "1", "stone"]]))
    reported = {one["field"] for one in failures(world, job)}
    assert reported == {"gtin", "countryOfProduction", "dimensions.netWeight.unit"}


@pytest.mark.parametrize("gap", [b"\n", b",\r\n", b" \n"])
def test_many_mib_of_whitespace_fail_the_import(world: World, gap: bytes) -> None:
    """It killed the process of the import four times over."""
    first, last = new_sku().encode(), new_sku().encode()
    content = b"sku,name\n" + first + b",Bolt\n" + gap * (9 * 2**20 // len(gap)) + last + b",Nut\n"
    done = run(world, content)
    assert (done["status"], done["error"]["code"]) == ("FAILED", "blank_space")
    assert counts(done) == (1, 0, 0, 0), "the rows before that place stay"
    assert not world.server.log_events("import.died")
