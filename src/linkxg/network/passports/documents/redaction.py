"""Leaves out what a reader may not see: the one function before every representation of a passport."""

from typing import Any

from linkxg.network.passports.documents.access_sets import access_set, may_read
from linkxg.network.passports.documents.model import PUBLIC, PassportDocument, Redacted, Roles

_ATTRIBUTES = "attributes"
_NOBODY: Roles = frozenset()
"""But the owner."""
_LINKED = ("documents", "images")
JOURNEY = "journey"
"""The path in `access` by which a company shares the journey of batches and items; without it, it is not shared."""


def redact(document: PassportDocument, roles: Roles, earlier_roles: Roles | None = None) -> Redacted:
    """An attribute, a document or an image is seen by whoever may read both the list and the one.

    Of an earlier version, by whoever may read it in that version and in the newest one, and of a batch or an item also
    in the newest version of its model: a company that withholds a field from now on withholds what it has said in it
    before. `earlier_roles` are the same roles unless they are given.
    """
    fields: dict[str, Any] = {}
    withheld: list[str] = []

    def sees(path: str) -> bool:
        return all(may_read(roles, one.access.get(path, PUBLIC)) for one in (document, *document.later))

    for name, value in document.fields.items():
        if not sees(name):
            withheld.append(name)
        elif name == _ATTRIBUTES:
            fields[name] = {inner: one for inner, one in value.items() if sees(f"{_ATTRIBUTES}.{inner}")}
            withheld += [f"{_ATTRIBUTES}.{inner}" for inner in value if inner not in fields[name]]
        elif name in _LINKED:
            by_url = [_access_by_url(one, name) for one in document.later]
            shown = [
                may_read(roles, access_set(one.get("access")))
                and all(may_read(roles, access.get(one["url"], PUBLIC)) for access in by_url)
                for one in value
            ]
            fields[name] = [_without_access(one) for one, is_shown in zip(value, shown, strict=True) if is_shown]
            withheld += [f"{name}[{index}]" for index, is_shown in enumerate(shown) if not is_shown]
        else:
            fields[name] = value
    has_journey = JOURNEY in document.access and document.passport.granularity != "model"
    # It is shared by name alone, also from a later version on.
    sees_journey = all(may_read(roles, one.access.get(JOURNEY, _NOBODY)) for one in (document, *document.later))
    if has_journey and not sees_journey:
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
        shows_journey=is_latest and has_journey and sees_journey,
        earlier_roles=roles if earlier_roles is None else earlier_roles,
    )


def _access_by_url(document: PassportDocument, name: str) -> dict[str, Roles]:
    """The sets that a document has for its documents or images."""
    return {one["url"]: access_set(one.get("access")) for one in document.fields.get(name, ())}


def _without_access(linked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in linked.items() if name != "access"}
