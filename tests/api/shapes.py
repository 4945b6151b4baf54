"""Compares the shape of a real answer with the one that the page shows."""

from __future__ import annotations

import re
from typing import Any

# What a page writes where the real value differs each time.
_SAMPLE = re.compile(r"\.\.\.|^…|^uuid$|^lxg|@|^[A-Z]+$|^\d{4}-\d\d-\d\dT")
_FIXED_NUMBERS = {0, 50, 900}


def differences(shown: Any, real: Any, at: str = "$") -> list[str]:
    """Where they differ: other members, other types, or another value where the page's is not a sample."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if shown.keys() != real.keys():
            return [f"{at} has members {sorted(real)}, the page shows {sorted(shown)}"]
        return [line for name in shown for line in differences(shown[name], real[name], f"{at}.{name}")]
    if isinstance(shown, list) and isinstance(real, list):
        if not shown:
            return []
        if not real:
            return [f"{at} is empty"]
        # A list of another length is shown by its first element.
        samples = shown if len(shown) == len(real) else shown[:1] * len(real)
        pairs = enumerate(zip(samples, real, strict=True))
        return [line for number, (one, item) in pairs for line in differences(one, item, f"{at}[{number}]")]
    if type(shown) is not type(real):
        return [f"{at} is {real!r}, the page shows {shown!r}"]
    if isinstance(shown, str) and _SAMPLE.search(shown):
        return []
    if isinstance(shown, int) and not isinstance(shown, bool) and shown not in _FIXED_NUMBERS:
        return []
    return [] if shown == real else [f"{at} is {real!r}, the page shows {shown!r}"]


def lacks(part: Any, whole: Any, at: str = "$") -> list[str]:
    """The members of `part` that `whole` does not have."""
    if not isinstance(part, dict):
        return []
    if not isinstance(whole, dict):
        return [f"{at} is no object"]
    missing = [f"{at}.{name}" for name in part if name not in whole]
    return missing + [line for name in part.keys() & whole.keys() for line in lacks(part[name], whole[name], at)]
