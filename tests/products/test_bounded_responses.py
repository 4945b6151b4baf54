"""Size and time of responses are bounded by the sum of their parts, never by a product. Security rule L5."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from console.browser import Visitor
from harness.answers import JsonObject
from harness.processor_time import processor_time
from harness.world import World
from imports.files import counts, failures, ndjson_file, run
from linkxg.catalog.products.diff_versions import MAX_STEPS, diff
from linkxg.jobs.model import MAX_ROW_FAULTS
from products.catalogue import PRODUCTS, body, change, complete, create, new_sku, path, post

LONGEST_NAME = 255
FACTOR = 12
SPARE = 64 * 1024
PATIENCE_S = 0.5
"""How long another request may take meanwhile on a loaded machine; the diff of old blocked the loop for seconds."""


def nested(name: str, depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = {name: value}
    return value


def deep_list(length: int, item: Any) -> JsonObject:
    """A list below as many names as can be, each as long as can be."""
    attributes: JsonObject = nested("n" * LONGEST_NAME, 20, [item] * length)
    return attributes


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


class Others:
    """Asks something small again and again while the body of a `with` runs; `slowest` is the longest wait."""

    def __init__(self, world: World) -> None:
        self._client = world.server.client()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.slowest = 0.0

    def _ask(self) -> None:
        while not self._over.is_set():
            started = time.perf_counter()
            self._client.get("//healthz").expect(200)
            self.slowest = max(self.slowest, time.perf_counter() - started)

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._client.close()


@pytest.fixture(scope="module")
def two_versions(world: World) -> tuple[JsonObject, int]:
    """A product whose two versions differ in every item of a long list below long names, and their bytes."""
    before, after = deep_list(28_000, 1), deep_list(28_000, 2)
    made = create(world, **complete(attributes=before))
    world.api.post(f"{path(made)}/publish", bearer=world.owner.access, json={}).expect(200)
    change(world, made, {"content": {"attributes": after}}).expect(200)
    return made, size(before) + size(after)


def test_a_diff_is_bounded_by_the_size_of_its_versions(world: World, two_versions: tuple[JsonObject, int]) -> None:
    made, compared = two_versions
    with Others(world) as others:
        answer = world.api.get(f"{path(made)}/versions/1/diff/2", bearer=world.owner.access).expect(200)
    assert len(answer.body) <= FACTOR * compared + SPARE
    assert others.slowest < PATIENCE_S
    # The member is replaced as a whole.
    pointer = "/attributes/" + "n" * LONGEST_NAME
    assert [(step["op"], step["path"]) for step in answer.data()["patch"]] == [("replace", pointer)]
    assert [field["field"] for field in answer.data()["fields"]] == ["attributes." + "n" * LONGEST_NAME]


@pytest.mark.parametrize("page", ["compare/1/2", "versions/2"])
def test_version_pages_are_bounded_by_the_size_of_their_versions(
    world: World, two_versions: tuple[JsonObject, int], page: str
) -> None:
    made, compared = two_versions
    visitor = Visitor(world.server.url, world.vault)
    try:
        assert visitor.sign_in(world.person("VIEWER")).status_code == 303
        with Others(world) as others:
            answer = visitor.get(f"/products/{made['id']}/{page}")
    finally:
        visitor.close()
    assert answer.status_code == 200
    assert len(answer.content) <= FACTOR * compared + SPARE
    assert others.slowest < PATIENCE_S


STORED_BEFORE: dict[str, tuple[Any, Any]] = {
    "long name, long list": (["1"] * 16_000, ["2"] * 16_000),
    "long name, other kind": ([1] * 30_000, {"a": [1] * 30_000}),
    "long name, objects": ([{"a": 1}] * 8_000, [{"a": 2}] * 8_000),
    "long name, nothing before": (None, [[]] * 20_000),
    "many lists": ({str(n): [1] * 150 for n in range(190)}, {str(n): [2] * 150 for n in range(190)}),
}


@pytest.mark.parametrize("case", [*STORED_BEFORE])
def test_contents_stored_before_names_were_bounded_can_be_compared(case: str) -> None:
    old, new = ({"attributes": {"n" * 64_000: value, "x": 1}} for value in STORED_BEFORE[case])
    if case == "many lists":
        old, new = ({"attributes": value} for value in STORED_BEFORE[case])
    with processor_time() as taken:
        found = diff(old, new)
    assert len(msgspec.json.encode(found)) <= FACTOR * (size(old) + size(new)) + SPARE
    assert max(len(found.patch), len(found.fields)) <= MAX_STEPS + len(new["attributes"])
    assert taken.seconds < 1.5


def test_a_small_difference_in_a_long_list_is_exact() -> None:
    old = {"attributes": {"x": list(range(5_000)), "y": 1}}
    new = {"attributes": {"x": [*range(2_500), -1, *range(2_501, 5_000)], "y": 1}}
    found = diff(old, new)
    assert msgspec.to_builtins(found.patch) == [{"op": "replace", "path": "/attributes/x/2500", "value": -1}]
    assert [one.field for one in found.fields] == ["attributes.x[2500]"]


def _long_names() -> dict[str, JsonObject]:
    name = "n" * (LONGEST_NAME + 1)
    return {
        "attribute": {name: 1},
        "in an object": {"a": {name: 1}},
        "in a list": {"a": [1, [{"b": {name: None}}]]},
    }


@pytest.mark.parametrize("where", [*_long_names()])
def test_a_name_that_is_too_long_is_refused_at_every_depth(world: World, where: str) -> None:
    attributes = _long_names()[where]
    refused = post(world, body(attributes=attributes)).expect(422, "validation_failed")
    assert refused.json()["details"][0]["field"] == "content.attributes"
    assert len(refused.body) < 1_000, "the name is not repeated"
    made = create(world, attributes={"n" * LONGEST_NAME: {"n" * LONGEST_NAME: 1}})
    change(world, made, {"content": {"attributes": attributes}}).expect(422, "validation_failed")


def test_an_import_accepts_the_same_names(world: World) -> None:
    rows = [{"sku": new_sku(), "content": {"name": "Bolt", "attributes": one}} for one in _long_names().values()]
    rows.append({"sku": new_sku(), "content": {"name": "Bolt", "attributes": {"n" * LONGEST_NAME: 1}}})
    job = run(world, ndjson_file(rows), format="ndjson")
    created, *_, failed = counts(job)
    assert (created, failed) == (1, 3)


def test_a_row_reports_a_bounded_number_of_errors(world: World) -> None:
    row = {"sku": new_sku(), "content": WORDY["faults of parts"]()["content"]}
    job = run(world, ndjson_file([row]), format="ndjson")
    assert len(failures(world, job)) == MAX_ROW_FAULTS


def test_access_rules_for_names_that_are_too_long_are_rejected(world: World) -> None:
    access = {"attributes." + "n" * (LONGEST_NAME + 1): "public"}
    refused = post(world, body(access=access)).expect(422, "validation_failed")
    assert len(refused.body) < 1_000


def test_many_selectors_and_long_lists_do_not_multiply(world: World) -> None:
    category = new_sku()
    wide = {"list": [{"a": 1}] * 8_000}
    for _ in range(8):
        create(world, category={"code": category}, attributes=wide)
    fields = ",".join(f"content.attributes.list.{letter}{n}" for letter in "ab" for n in range(25))

    def listed(selected: str) -> float:
        started = time.perf_counter()
        answer = world.api.get(f"{PRODUCTS}?category={category}&fields={selected}", bearer=world.owner.access)
        assert len(answer.expect(200).data()) == 8
        return time.perf_counter() - started

    one = min(listed("content.attributes.list.b24") for _ in range(2))
    with Others(world) as others:
        many = min(listed(fields) for _ in range(2))
    assert many < 6 * one + 0.2, "fifty names take no fifty times as long as one"
    assert others.slowest < PATIENCE_S


WORDY: dict[str, Callable[[], JsonObject]] = {
    "unknown member": lambda: body(**{"n" * 200_000: 1}),
    "unknown member within": lambda: body(category={"code": "x", "n" * 200_000: 1}),
    "wrong type": lambda: body(materials=[{"name": "n" * 200_000}]),
    "wrong access": lambda: body(access={"n" * 200_000: "public"}),
    "faults of parts": lambda: body(
        packaging=[{"name": "a\nb", "materials": [{"name": "a\nb", "code": "a\nb"}] * 50}] * 20
    ),
}


@pytest.mark.parametrize("case", [*WORDY])
def test_an_error_echoes_little_of_its_request(world: World, case: str) -> None:
    refused = post(world, WORDY[case]())
    assert refused.status in (400, 422)
    assert len(refused.body) < 32 * 1024
