"""The links of passports: a linkset (RFC 9264) as GS1-conformant resolvers give it, and the one of a link type."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import Redacted

GS1, UNTP = "https://ref.gs1.org/voc/", "https://test.uncefact.org/vocabulary/linkTypes/"
DEFAULT = f"{GS1}defaultLink"
PREFIXES: Mapping[str, str] = {"gs1:": GS1, "untp:": UNTP}
_ALSO_GS1 = ("https://gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/")
Links = dict[str, list[dict[str, Any]]]
"""Target objects by link type."""


class LinkLevel(NamedTuple):
    """An address, and the passport to which it leads: its own, or that of what it belongs to."""

    anchor: str
    passport: Redacted


def links_of(redacted: Redacted, addresses: Addresses) -> Links:
    """The default link has only an address and a title; each type has one link."""
    passport, version = redacted.passport, redacted.version.version
    address, title = addresses.passport(passport.id), f"Digital Product Passport: {description_of(redacted)}"
    links: Links = {
        DEFAULT: [{"href": address, "title": title}],
        f"{GS1}dpp": [{"href": address, "title": title}],
        f"{GS1}pip": [{"href": address, "title": title, "type": "text/html"}],
        f"{UNTP}dpp": [{"href": address, "title": title, "type": "application/vc+jwt"}],
        "version-history": [{"href": f"{address}/versions", "title": "Versions", "type": "application/json"}],
    }
    if version > 1:
        earlier = addresses.version(passport.id, version - 1)
        links["predecessor-version"] = [{"href": earlier, "title": f"Version {version - 1}"}]
    if passport.successor_id is not None:
        successor = addresses.passport(passport.successor_id)
        links["latest-version"] = [{"href": successor, "title": "Passport under the present GTIN"}]
    return links


def description_of(redacted: Redacted) -> str:
    """Its name, if that is public, or else its GTIN; with the lot and the serial."""
    passport = redacted.passport
    parts = [str(redacted.fields.get("name") or f"GTIN {passport.gtin14}")]
    parts += [f"lot {passport.lot}"] if passport.lot else []
    parts += [f"serial {passport.serial}"] if passport.serial else []
    return ", ".join(parts)


def linkset(levels: Sequence[LinkLevel], addresses: Addresses) -> dict[str, Any]:
    """From the address that was requested up to the GTIN."""
    return {
        "linkset": [
            {
                "anchor": level.anchor,
                "itemDescription": description_of(level.passport),
                **links_of(level.passport, addresses),
            }
            for level in levels
        ]
    }


def link_type(given: str) -> str:
    """The relation that `linkType` names: an address, a prefixed name, or a bare one."""
    for prefix, namespace in PREFIXES.items():
        if given.startswith(prefix):
            return namespace + given.removeprefix(prefix)
    for namespace in _ALSO_GS1:
        if given.startswith(namespace):
            return GS1 + given.removeprefix(namespace)
    return given
