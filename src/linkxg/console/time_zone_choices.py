"""The time zones that the profile offers, by region: 400 names in one list cannot be searched."""

from collections import defaultdict
from functools import cache

from linkxg.identity.accounts.profile import time_zones

_REGIONS = (
    "Europe", "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Indian", "Pacific",
)  # fmt: skip
_OCEANS = {"Atlantic": "Atlantic Ocean", "Indian": "Indian Ocean", "Pacific": "Pacific Ocean"}
Choices = list[tuple[str, list[tuple[str, str]]]]
"""(group, [(zone, name of the place)])."""


def zone_choices(own: str, of_colleagues: list[str]) -> Choices:
    """The person's zone, those that others of the account have chosen, and UTC come first."""
    first = dict.fromkeys([*([own] if own else []), *of_colleagues, "UTC"])
    return [("Used in your account, and UTC", [(zone, zone.replace("_", " ")) for zone in first]), *_by_region()]


@cache
def _by_region() -> Choices:
    """Names such as `US/Pacific` or `GB` are left out: they are older ones of zones that are here."""
    places: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for zone in time_zones():
        region, _, place = zone.partition("/")
        if region in _REGIONS:
            places[region].append((zone, place.replace("_", " ").replace("/", ", ")))
    return [
        (_OCEANS.get(region, region), sorted(places[region], key=lambda one: one[1]))
        for region in _REGIONS
        if places[region]
    ]
