"""Builds the whole document of a passport: the content of the product, and what is particular to a batch or an item."""

from typing import Any

import msgspec

from linkxg.network.passports.documents.access_sets import access_sets
from linkxg.network.passports.documents.model import PassportDocument, StoredPassport

_decode = msgspec.json.Decoder(dict[str, Any]).decode
DETAIL_DATES = ("productionDate", "expiryDate")
"""The members of the details of a batch or an item, besides its attributes and their access."""


def build_document(stored: StoredPassport, newest: StoredPassport | None = None) -> PassportDocument:
    """The details of a batch or an item take precedence over the content of the model.

    `newest` is the newest version of the passport, for an earlier one.
    """
    later = []
    if newest is not None and newest.version.version != stored.version.version:
        former = build_document(newest)
        later += [former, *former.later]
    later += [build_document(stored._replace(content=one, later_contents=())) for one in stored.later_contents]
    content = _decode(stored.content)
    access = access_sets(content)
    content.pop("access", None)
    if stored.version.details is not None:
        details = _decode(stored.version.details)
        access |= access_sets(details)
        content |= {name: details[name] for name in DETAIL_DATES if name in details}
        if attributes := details.get("attributes"):
            content["attributes"] = {**content.get("attributes", {}), **attributes}
    return PassportDocument(stored.passport, stored.version, stored.issuer, content, access, tuple(later))
