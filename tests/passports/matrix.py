"""Passports in which every member of a content has every set of roles once, and a secret that tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.world import World
from linkxg.catalog.products.content import MEMBERS
from linkxg.catalog.products.countries import NAMES
from passports.reading import issued, read_by_id
from passports.units import issue
from products.catalogue import new_gtin

SETS: dict[str, list[str]] = {
    "public": ["public"],
    "interest": ["legitimateInterest"],
    "authority": ["authority"],
    "both": ["legitimateInterest", "authority"],
}
GUARDED = tuple(name for name in MEMBERS if name != "access")
_COUNTRIES = dict(zip(SETS, ("LI", "BT", "TV", "KI"), strict=True))
"""That appear in no passport by themselves."""
Markers = tuple[str, ...]
"""Texts of which each would tell the value of a field."""


@dataclass(frozen=True)
class Guarded:
    """A passport; `fields` has for each field the sets that its reader must meet, and its markers."""

    id: str
    product: str
    carrier: str
    fields: dict[str, tuple[tuple[str, ...], Markers]]

    def seen(self, roles: list[str]) -> dict[str, bool]:
        """Whether somebody in these roles sees each field."""
        return {
            name: "owner" in roles or all({*SETS[one]} & {*roles} for one in sets)
            for name, (sets, _) in self.fields.items()
        }

    def shown_in(self, text: str) -> set[str]:
        """The fields of which the text tells something."""
        return {name for name, (_, markers) in self.fields.items() if any(one in text for one in markers)}


def _value(member: str, name: str) -> tuple[Any, Markers]:
    """A value of the member, and what tells it."""
    marker, number = f"q{member}q{name}q", new_gtin()
    url = f"https://{marker.lower()}.example/"
    material = {"code": "41", "schemeId": "https://cpc.example/", "massFraction": 1, "originCountry": "DE"}
    country, weight = _COUNTRIES[name], 7001.25 + [*SETS].index(name)
    given: dict[str, tuple[Any, Markers]] = {
        "category": ({"code": marker, "name": marker, "schemeId": url, "schemeName": marker}, (marker, url)),
        "producer": ({"name": marker, "gln": number}, (marker, number)),
        "facility": ({"name": marker, "gln": number}, (marker, number)),
        "countryOfProduction": (country, (f'"{country}"', f">{country}<", NAMES[country])),
        "dimensions": ({"netWeight": {"value": weight, "unit": "KGM"}}, (str(weight),)),
        "materials": ([{"name": marker, **material}], (marker,)),
        "performance": ([{"metricName": marker, "value": 1}], (marker,)),
        "claims": ([{"name": marker, "evidence": {"url": url}}], (marker, url)),
        "documents": ([{"url": url, "title": marker}], (marker, url)),
        "images": ([{"url": url}], (url,)),
        "packaging": ([{"name": marker}], (marker,)),
        "attributes": ({"x": marker}, (marker,)),
    }
    return given.get(member, (marker, (marker,)))


def guarded_passports(world: World) -> list[Guarded]:
    """Of four models, and of a batch of each."""
    made, names = [], [*SETS]
    for turn in range(len(SETS)):
        of = {member: names[(place + turn) % len(SETS)] for place, member in enumerate(GUARDED)}
        values = {member: _value(member, of[member]) for member in GUARDED}
        content = {member: value for member, (value, _) in values.items()}
        inner, batch = names[turn], names[turn - 1]
        content["attributes"] = content["attributes"] | {"y": f"qattributeq{inner}q"}
        url = f"https://qdocumentq{inner}q.example/"
        content["documents"] = [*content["documents"], {"url": url, "access": SETS[inner]}]
        # Of one role also by its name alone, and by the earlier one.
        access: dict[str, Any] = {member: SETS[name] for member, name in of.items()}
        access["attributes.y"] = "restricted" if inner == "interest" else SETS[inner]
        product, passport = issued(world, **content, access=access)
        fields: dict[str, tuple[tuple[str, ...], Markers]] = {
            member: ((of[member],), markers) for member, (_, markers) in values.items()
        }
        fields["attributes.y"] = ((of["attributes"], inner), (f"qattributeq{inner}q",))
        fields["documents[1]"] = ((of["documents"], inner), (url,))
        own = {"lot": "L-1", "attributes": {"z": f"qbatchq{batch}q"}, "access": {"attributes.z": SETS[batch]}}
        (unit,) = issue(world, product, own).expect(201).data()
        # What a batch says of its attributes comes before what the model says.
        of_batch = fields | {"attributes.z": ((of["attributes"], batch), (f"qbatchq{batch}q",))}
        for one, its in ((passport, fields), (unit["id"], of_batch)):
            carrier = read_by_id(world, one).expect(200).data()["carrierLink"]
            made.append(Guarded(one, product["id"], carrier, its))
    return made


def dumped(value: Any) -> str:
    """As JSON without spaces and escapes, so that the markers are in it as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
