"""Many steps are taken at once where no limit and no partner is near, and the graph is that of one by one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from linkxg.db.compiled import CompiledStatement
from linkxg.network.traceability import partner_store
from linkxg.network.traceability.walk_result import Walk
from linkxg.network.traceability.way import Way
from traceability.chain import class_of, lot, made
from traceability.test_partners import SHIRT, Partner, viewer  # noqa: F401
from traceability.tracing import Tracing

DYE = class_of("09520000077773")


def weave(tracing: Tracing, layers: int = 5, width: int = 4) -> Tracing:
    """Each lot of a layer is made of the dye and of three lots of the layer above; the last also of its own product."""
    here = tracing.another()
    lots = [[lot(f"{layer}-{place}") for place in range(width)] for layer in range(layers)]
    for above, below in pairwise(lots):
        for place, one in enumerate(below):
            here.capture(made([DYE, *(above[(place + step) % width] for step in range(3))], [one]))
    here.capture(made([lots[-1][0]], [lots[-2][0]]))
    return here


def test_steps_at_once_are_those_of_one_by_one(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    here = weave(tracing)
    asked: list[Any] = [
        (lot(root), {"depth": depth, "nodes": nodes})
        for root in ("4-0", "2-1", "0-0")
        for depth in (1, 3, 20)
        for nodes in (1, 2, 5, 9, 12, 5_000)
    ]
    at_once = [here.graph(root, **limits) for root, limits in asked]
    monkeypatch.setattr(Walk, "find_all", lambda *_, **__: False)
    one_by_one = [here.graph(root, **limits) for root, limits in asked]
    assert at_once == one_by_one


def test_steps_of_a_plain_account_are_taken_at_once(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one, four fifths of the time of a walk were Python's."""
    here = weave(tracing)
    reached: list[Any] = []
    monkeypatch.setattr(Way, "_reach", lambda *args: reached.append(args))
    assert len(here.graph(lot("4-0"), ("upstream",)).nodes) == 17
    assert reached == []


def test_the_shares_of_all_partners_are_one_statement(
    viewer: Tracing,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was one for each partner, at each level with a new GTIN."""
    partners = [Partner(viewer, gln=None) for _ in range(3)]
    for partner in partners:
        partner.share()
    asked: list[Any] = []
    execute = CompiledStatement.all

    def count(self: CompiledStatement, *args: Any) -> Any:
        if self is partner_store._GTINS["GRAPH"]:
            asked.append(args)
        return execute(self, *args)

    monkeypatch.setattr(CompiledStatement, "all", count)
    viewer.graph(SHIRT)
    assert {owner_id for owner_id, _, _ in viewer.reads} == {partner.id for partner in partners}
    # The GTINs of the shirt, of the cloth, and of what the cloth is made of.
    assert len(asked) <= 3
