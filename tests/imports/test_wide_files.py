"""Headers and gzip files that are slow to parse are rejected early."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from harness.processor_time import processor_time
from harness.world import World
from imports.files import send
from linkxg.catalog.product_imports.check_file_start import check_first_block
from linkxg.catalog.product_imports.csv_dialect import MAX_CELLS, SEPARATORS
from linkxg.catalog.product_imports.model import Options
from linkxg.errors import ValidationFailed
from linkxg.jobs.gunzip import Gunzip
from linkxg.jobs.model import MAX_MEMBERS, MIB

WIDE = {
    "many columns": (b"a," * 140_000 + b"\nx\n", "too_many_columns"),
    "blank columns": (b"sku,name" + b"," * 1_000_000 + b"\na,b\n", "too_many_columns"),
    "blank rows": (b"sku,name\n" + b"\n" * MIB, "no_rows"),
    "blank rows before": (b"\n" * MIB, "missing_column"),
    "quoted blank rows": (b'""\n' * 300_000, "missing_column"),
}


@pytest.mark.parametrize("name", WIDE)
def test_a_header_is_refused_before_it_is_split(name: str) -> None:
    content, code = WIDE[name]
    with processor_time() as taken, pytest.raises(ValidationFailed) as refused:
        check_first_block(content[:MIB], Options(), whole=True)
    assert code in {one["code"] for one in refused.value.details or []}
    # It was 1 to 4 seconds; nothing but counting is left.
    assert taken.seconds < 0.5


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_header_as_wide_as_a_spreadsheet_is_read(separator: str) -> None:
    header = f"sku{separator}name" + separator * (MAX_CELLS - 2)
    assert check_first_block(f"{header}\na{separator}b\n".encode(), Options(), whole=True) == ["sku", "name"]
    with pytest.raises(ValidationFailed):
        check_first_block(f"{header}{separator}\na{separator}b\n".encode(), Options(), whole=True)


@pytest.mark.any_engine
def test_wide_headers_delay_no_other_request(world: World) -> None:
    content = b"sku,name" + b"," * 1_000_000 + b"\na,b\n"
    waited = []
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(partial(send, world, content, dryRun="true")) for _ in range(4)]
        while not all(one.done() for one in sent):
            started = time.monotonic()
            world.api.get("/products?limit=1", bearer=world.owner.access).expect(200)
            waited.append(time.monotonic() - started)
    for one in sent:
        assert one.result().status in (422, 429)
    assert sorted(waited)[len(waited) // 2] < 0.5, waited


def test_a_gzip_file_has_a_bounded_number_of_members() -> None:
    empty = gzip.compress(b"")
    rows = gzip.compress(b"sku,name\na,b\n")
    gunzip = Gunzip()
    gunzip.feed(rows + empty * (MAX_MEMBERS - 1))
    assert gunzip.finish()[1].bytes == len(b"sku,name\na,b\n")
    with pytest.raises(ValidationFailed) as refused:
        Gunzip().feed(rows + empty * MAX_MEMBERS)
    assert "members" in str(refused.value.details)
