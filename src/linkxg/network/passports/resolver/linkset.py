"""The links of what a Digital Link identifies: a linkset (RFC 9264) as GS1-conformant resolvers give it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.media_types import DID, HTML, JSON, JWT
from linkxg.network.passports.documents.model import Redacted

GS1, UNTP = "https://ref.gs1.org/voc/", "https://test.uncefact.org/vocabulary/linkTypes/"
DEFAULT = f"{GS1}defaultLink"
PREFIXES: Mapping[str, str] = {"gs1:": GS1, "untp:": UNTP}
_ALSO_GS1 = ("https://gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/")
Links = dict[str, list[dict[str, Any]]]
"""Target objects by link type."""


class LinkLevel(NamedTuple):
    """An address, the links of what it identifies or belongs to, and who is responsible for that.

    `withdrawn` is the address of a passport that is withdrawn, empty otherwise.
    """

    anchor: str
    description: str
    issuer: str
    links: Links
    withdrawn: str = ""


class PageOfPublishers(NamedTuple):
    """A page of the companies that have a GTIN: the number of it, of its first and its last company, and of all."""

    number: int
    first: int
    last: int
    total: int

    @property
    def neighbours(self) -> list[tuple[str, int]]:
        """The pages before and after it, by link relation."""
        return [("prev", self.number - 1)] * (self.first > 1) + [("next", self.number + 1)] * (self.last < self.total)


def passport_level(anchor: str, redacted: Redacted, addresses: Addresses) -> LinkLevel:
    withdrawn = addresses.passport(redacted.passport.id) if redacted.withdrawal is not None else ""
    return LinkLevel(anchor, redacted.title, redacted.issuer.name, _links_of(redacted, addresses), withdrawn)


def party_level(anchor: str, name: str, document: str) -> LinkLevel:
    """The links of the company that a GLN identifies; `document` is the address of its DID document."""
    title = f"Issuer of Digital Product Passports: {name}"
    links: Links = {
        DEFAULT: [{"href": document, "title": title}],
        "describedby": [{"href": document, "title": title, "type": DID}],
    }
    return LinkLevel(anchor, name, name, links)


def _links_of(redacted: Redacted, addresses: Addresses) -> Links:
    """The default link has only an address and a title; each type has one link."""
    passport, version = redacted.passport, redacted.version.version
    address, title = addresses.passport(passport.id), f"Digital Product Passport: {redacted.title}"
    links: Links = {
        DEFAULT: [{"href": address, "title": title}],
        f"{GS1}dpp": [{"href": address, "title": title}],
        f"{GS1}pip": [{"href": address, "title": title, "type": HTML}],
        f"{UNTP}dpp": [{"href": address, "title": title, "type": JWT}],
        "version-history": [{"href": f"{address}/versions", "title": "Versions", "type": JSON}],
    }
    if version > 1:
        earlier = addresses.version(passport.id, version - 1)
        links["predecessor-version"] = [{"href": earlier, "title": f"Version {version - 1}"}]
    if passport.successor_id is not None:
        successor = addresses.passport(passport.successor_id)
        links["latest-version"] = [{"href": successor, "title": "Passport under the present GTIN"}]
    return links


def linkset(levels: Sequence[LinkLevel]) -> dict[str, Any]:
    """The linkset of the requested address and those above it, up to the key."""
    return {
        "linkset": [{"anchor": level.anchor, "itemDescription": level.description, **level.links} for level in levels]
    }


def merged(publishers: Sequence[Sequence[LinkLevel]]) -> list[LinkLevel]:
    """The links of several companies at the same addresses; a default link would prefer one of the companies."""
    found: dict[str, LinkLevel] = {}
    for level in (level for levels in publishers for level in levels):
        links = found.setdefault(level.anchor, LinkLevel(level.anchor, level.description, "", {})).links
        for relation, targets in level.links.items():
            if relation != DEFAULT:
                named = [{**one, "title": f"{level.issuer}: {one['title']}"} for one in targets]
                links.setdefault(relation, []).extend(named)
    return list(found.values())


def with_neighbours(levels: Sequence[LinkLevel], page: PageOfPublishers, address: str) -> list[LinkLevel]:
    """The levels; the requested one also has links to the pages before and after. `address` ends in `=`."""
    title = f"Companies {page.first} to {page.last} of {page.total}"
    links: Links = {
        relation: [{"href": f"{address}{number}", "title": f"{title}: page {number}"}]
        for relation, number in page.neighbours
    }
    return [levels[0]._replace(links={**levels[0].links, **links}), *levels[1:]]


def link_type(given: str) -> str:
    """The relation that `linkType` names: an address, a prefixed name, or a bare one."""
    for prefix, namespace in PREFIXES.items():
        if given.startswith(prefix):
            return namespace + given.removeprefix(prefix)
    for namespace in _ALSO_GS1:
        if given.startswith(namespace):
            return GS1 + given.removeprefix(namespace)
    return given
