"""QR codes contain exactly the link of the passport, and labels are printed from a page without anything else."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
import segno
import zxingcpp

from harness.world import World
from linkxg.network.passports.carriers.qr_code import encode_link
from passports.reading import issued, read_by_id
from passports.units import issue


def pixels(png: bytes) -> memoryview:
    """An image of one bit a pixel as grey values in rows and columns."""
    width, height, depth, colours = struct.unpack(">IIBB", png[16:26])
    assert (depth, colours) == (1, 0)
    chunks, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks += png[at + 8 : at + 8 + length] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += length + 12
    stride, lines = -(-width // 8) + 1, zlib.decompress(chunks)
    rows: list[bytes] = []
    for row in range(height):
        kind, line = lines[row * stride], lines[row * stride + 1 : (row + 1) * stride]
        assert kind in (0, 2), "no filter, or the difference to the row above (PNG §9.2)"
        rows.append(bytes((one + above) % 256 for one, above in zip(line, rows[-1], strict=True)) if kind else line)
    grey = b"".join(bytes(255 * (row[x // 8] >> 7 - x % 8 & 1) for x in range(width)) for row in rows)
    return memoryview(grey).cast("B", (height, width))


def test_a_qr_code_says_what_it_contains(world: World) -> None:
    _, passport_id = issued(world)
    link = read_by_id(world, passport_id).data()["carrierLink"]
    for path in (f"//dpp/{passport_id}/qr", f"/dpp/{passport_id}/qr"):
        answer = world.api.get(path).expect(200)
        exact = answer.header("x-carrier-link") or ""
        assert exact.partition("/01/")[2] == link.partition("/01/")[2]
        assert exact.casefold() == link.casefold()
        assert answer.header("content-type") == "image/svg+xml"
        assert b"<svg" in answer.body
    png = world.api.get(f"//dpp/{passport_id}/qr?format=png&size=4&ecc=H&quiet=2").expect(200)
    assert png.body.startswith(b"\x89PNG")


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_a_qr_code_is_decoded_to_its_link(world: World, level: str) -> None:
    product, _ = issued(world)
    units = issue(world, product, {"lot": "L-2026", "serial": "0001"}, {"lot": "lower/1"}).data()
    for unit in units:
        answer = world.api.get(f"//dpp/{unit['id']}/qr?format=png&ecc={level}").expect(200)
        (found,) = zxingcpp.read_barcodes(pixels(answer.body))
        assert found.text == answer.header("x-carrier-link")


@pytest.mark.parametrize("query", ["format=gif", "size=0", "size=41", "quiet=17", "ecc=Z", "other=1"])
def test_what_cannot_be_drawn_is_400(world: World, query: str) -> None:
    _, passport_id = issued(world)
    world.api.get(f"//dpp/{passport_id}/qr?{query}").expect(400, "invalid_request")


def test_capitals_are_taken_only_where_the_symbol_is_smaller() -> None:
    for link in (
        "https://api.example.com/acme/01/04006381333931",
        "https://api.example.com/acme/01/04006381333931/10/L-2026-11/21/0001",
        "https://api.example.com/acme/01/04006381333931/10/lower",
        "https://d.example/a-b/01/04006381333931/21/1",
    ):
        text, symbol = encode_link(link, "M")
        plain = segno.make(link, error="M", micro=False)
        assert int(symbol.version) <= int(plain.version)
        assert (text == link) == (symbol.version == plain.version)


def test_labels_are_printed_for_the_passports_of_a_product(world: World) -> None:
    product, _ = issued(world)
    issue(world, product, {"lot": "<b>1"}, {"lot": "<b>1", "serial": "1"}).expect(201)
    path = "/dpp/labels"
    given = {"productId": product["id"], "labels": [{"lot": "<b>1"}, {"lot": "<b>1", "serial": "1"}, {}]}
    answer = world.api.post(path, bearer=world.owner.access, json=given).expect(200)
    page = answer.body.decode()
    assert page.count("<svg") == 3
    assert "(10) &lt;b&gt;1 (21) 1" in page
    assert "<script" not in page
    policy = answer.header("content-security-policy") or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    refused = world.api.post(path, bearer=world.owner.access, json=given | {"labels": [{}, {"serial": "9"}]})
    assert re.search(r"labels\[1\]", refused.expect(422, "validation_failed").body.decode())
    world.api.post(path, bearer=world.other_owner.access, json=given).expect(404, "not_found")
    world.api.post(path, json=given).expect(401, "invalid_token")
