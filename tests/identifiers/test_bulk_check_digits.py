"""Check digits computed in bulk equal those computed one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from linkxg.catalog.identifiers.check_digit import are_checked, is_checked

digits14 = st.integers(0, 10**14 - 1).map(lambda number: f"{number:014}")


@given(st.lists(digits14, max_size=50))
def test_bulk_check_digits_equal_single_ones(digits: list[str]) -> None:
    assert are_checked(digits) == [is_checked(one) for one in digits]


def test_the_largest_sums_do_not_overflow() -> None:
    assert are_checked(["9" * 14, "0" * 14] * 3) == [is_checked("9" * 14), True] * 3
