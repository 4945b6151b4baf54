"""A file read in chunks gives the same rows, lines and byte offsets as the whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkxg.catalog.product_imports.csv_rows import CsvRows
from linkxg.jobs.chunks import Chunks, CountedBlocks, Rows
from linkxg.jobs.json_rows import JsonRows, NdjsonRows
from linkxg.jobs.lines import Unreadable

cells = st.text(st.sampled_from('ab,"\n\r;ä\U0001f600 \t\u2028'), max_size=6)
rows = st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=12)


def blocks(content: bytes, size: int) -> CountedBlocks:
    return CountedBlocks(iter([content[at : at + size] for at in range(0, len(content), size)]))


def chunks_of(chunks: Chunks, most: int) -> Iterator[Rows]:
    while (chunk := chunks.take(most)).values:
        yield chunk


@given(rows, st.integers(1, 40), st.integers(1, 5), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_csv_in_chunks_equals_the_whole(
    given: list[list[str]], size: int, most: int, ending: str, marked: bool
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows([["h", "h"], *given])
    content = (b"\xef\xbb\xbf" if marked else b"") + text.getvalue().encode()
    # A row without any text is none.
    given = [cells for cells in given if "".join(cells).strip()]
    counted = blocks(content, size)
    number = 0
    for chunk in chunks_of(Chunks(CsvRows(counted, content), counted), most):
        count = len(chunk.values)
        assert count <= most
        assert list(chunk.numbers) == list(range(number + 1, number + count + 1))
        assert list(chunk.values) == given[number : number + count]
        number += count
        # What was taken is the beginning of the file up to the end of that row.
        read = list(csv.reader(io.StringIO(content[: chunk.bytes_read].decode("utf-8-sig"), newline=""), strict=True))
        assert [cells for cells in read if "".join(cells).strip()] == [["h", "h"], *given[:number]]
        assert chunk.bytes_read == len(content) or content[: chunk.bytes_read].endswith(ending.encode())
    assert number == len(given)


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5), max_size=2), max_size=8), st.integers(1, 20))
def test_json_in_chunks_equals_the_whole(given: list[dict[str, str]], size: int) -> None:
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in given).encode()
    counted = blocks(lines, size)
    found = [one for chunk in chunks_of(Chunks(NdjsonRows(counted), counted), 3) for one in chunk.values]
    assert [json.loads(one) for one in found] == given
    content = json.dumps(given, ensure_ascii=False, indent=1).encode()
    counted = blocks(content, size)
    found = [one for chunk in chunks_of(Chunks(JsonRows(counted), counted), 3) for one in chunk.values]
    assert [json.loads(one) for one in found] == given


def test_chunks_report_file_line_numbers_and_offsets() -> None:
    content = b'h\n\na\n"b\nb"\n\n"c"\r\nd'
    counted = blocks(content, 100)
    [chunk] = chunks_of(Chunks(CsvRows(counted, content), counted), 10)
    assert list(chunk.lines) == [3, 4, 7, 8]
    assert chunk.at([1, 3]) == Rows([2, 4], [4, 8], [["b\nb"], ["d"]], len(content))


def test_rows_before_a_syntax_error_are_returned_first() -> None:
    content = b'h\na\nb\n"c\n'
    counted = blocks(content, 100)
    chunks = Chunks(CsvRows(counted, content), counted)
    assert list(chunks.take(10).values) == [["a"], ["b"]]
    for _ in range(2):
        with pytest.raises(Unreadable, match="quotation"):
            chunks.take(10)


def test_a_chunk_starts_at_most_two_blocks() -> None:
    content = b"h\n" + b"a\n" * 1_000
    counted = blocks(content, 100)
    chunks = Chunks(CsvRows(counted, content), counted)
    before = counted.count
    assert len(chunks.take(1_000).values) < 200
    assert counted.count - before <= 2
