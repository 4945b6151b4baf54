"""Leaves out what a reader may not see: the one function before every representation of a passport."""

from typing import Any

from linkxg.network.passports.documents.access_sets import access_set, may_read
from linkxg.network.passports.documents.model import PUBLIC, PassportDocument, Redacted, Roles

_ATTRIBUTES = "attributes"
_LINKED = ("documents", "images")
JOURNEY = "journey"
"""The path in `access` by which a company shares the journey of batches and items; without it, it is not shared."""


def redact(document: PassportDocument, roles: Roles, earlier_roles: Roles | None = None) -> Redacted:
    """An attribute, a document or an image is seen by whoever may read both the list and the one.

    Of an earlier version, by whoever may read it in that version and in the newest one: a company that withholds a
    field from now on withholds what it has said in it before. `earlier_roles` are the same roles unless they are given.
    """
    newest = document.newest
    fields: dict[str, Any] = {}
    withheld: list[str] = []

    def sees(path: str) -> bool:
        sets = [document.access, *([newest.access] if newest is not None else [])]
        return all(may_read(roles, access.get(path, PUBLIC)) for access in sets)

    for name, value in document.fields.items():
        if not sees(name):
            withheld.append(name)
        elif name == _ATTRIBUTES:
            fields[name] = {inner: one for inner, one in value.items() if sees(f"{_ATTRIBUTES}.{inner}")}
            withheld += [f"{_ATTRIBUTES}.{inner}" for inner in value if inner not in fields[name]]
        elif name in _LINKED:
            now = _access_by_url(newest, name)
            shown = [
                may_read(roles, access_set(one.get("access"))) and may_read(roles, now.get(one["url"], PUBLIC))
                for one in value
            ]
            fields[name] = [_without_access(one) for one, is_shown in zip(value, shown, strict=True) if is_shown]
            withheld += [f"{name}[{index}]" for index, is_shown in enumerate(shown) if not is_shown]
        else:
            fields[name] = value
    journey = document.access.get(JOURNEY) if document.passport.granularity != "model" else None
    if journey is not None and not may_read(roles, journey):
        withheld.append(JOURNEY)
    is_latest = document.version.version == document.passport.version
    return Redacted(
        document.passport,
        # The details of a batch or an item are among the fields.
        document.version._replace(details=None),
        document.issuer,
        {name: value for name, value in fields.items() if value not in ([], {})},
        tuple(withheld),
        roles,
        is_latest=is_latest,
        # It goes on after an older version, which may have been more open.
        shows_journey=is_latest and journey is not None and may_read(roles, journey),
        earlier_roles=roles if earlier_roles is None else earlier_roles,
    )


def _access_by_url(newest: PassportDocument | None, name: str) -> dict[str, Roles]:
    """The sets that the newest version has for its documents or images."""
    return {} if newest is None else {one["url"]: access_set(one.get("access")) for one in newest.fields.get(name, ())}


def _without_access(linked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in linked.items() if name != "access"}
