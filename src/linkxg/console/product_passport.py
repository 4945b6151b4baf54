"""`/products/{id}/passport`: the passports of a product, what is missing, what each role sees, and who has access."""

from typing import NamedTuple

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.publish_requirements import missing_for_publishing
from linkxg.catalog.products.read_product import read_product
from linkxg.console.guard import PageRequest
from linkxg.console.new_product import WRITERS
from linkxg.console.pages import render
from linkxg.console.passport_list import list_passports_of_product
from linkxg.console.passport_preview import viewers_of
from linkxg.console.passport_terms import ROLES
from linkxg.console.product_fields import label, missing_field
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.access.read_grants import list_access_requests, list_grants
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import PUBLIC
from linkxg.network.passports.read.own_passports import (
    compare_roles,
    find_product_passport,
    preview_passport,
)
from linkxg.network.passports.validation.check_public import check_public_view
from linkxg.network.passports.validation.model import PassportFinding

MOST = 50


@get("/products/{product_id:str}/passport", **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    product = await read_product(page.database, page.viewer, product_id, "base")
    content = read_content(product.content)
    database, account_id = page.database, page.account_id
    model = await find_product_passport(database, account_id, product_id)
    addresses = Addresses(page.services.public_url)
    asked, more_asked = await list_access_requests(
        database, account_id, status="PENDING", before=None, limit=MOST, product_id=product_id
    )
    granted, more_granted = await list_grants(database, account_id, before=None, limit=MOST, product_id=product_id)
    findings, fields = [], []
    if model is not None:
        public = await preview_passport(database, account_id, model.passport.id, PUBLIC)
        findings = check_public_view(public, addresses)
        fields = await compare_roles(database, account_id, model.passport.id)
    return render(
        page,
        "product_passport.html",
        head=product.head,
        name=content.name,
        model=model,
        passports=await list_passports_of_product(page, product_id),
        missing=[missing_field(one) for one in missing_for_publishing(product.head, content)],
        findings=[ShownFinding(place_of(one), one.message) for one in findings],
        fields=fields,
        viewers=await viewers_of(page) if model else {},
        asked=asked,
        granted=granted,
        more_access=more_asked or more_granted,
        roles=ROLES,
        may_write=page.role in WRITERS,
        carrier=addresses.carrier(model.issuer.slug, model.passport) if model else "",
    )


HANDLERS = (show,)


class ShownFinding(NamedTuple):
    """`place` is the name of a field."""

    place: str
    message: str


_SUBJECT = "credentialSubject"
_UNTP_NAMES = {
    "materialProvenance": "materials",
    "performanceClaim": "claims",
    "producedAtFacility": "facility",
    "producedByParty": "producer",
    "productCategory": "category",
    "relatedDocument": "documents",
}
"""The members of UNTP that a product has under another name."""


def place_of(finding: PassportFinding) -> str:
    """Where in the passport: `/credentialSubject/materialProvenance/0/massFraction` is "Materials 1, mass fraction"."""
    names = [one.replace("~1", "/").replace("~0", "~") for one in finding.pointer.split("/")[1:]]
    names = names[1:] if names[:1] == [_SUBJECT] else names
    path = [_UNTP_NAMES.get(one, one) for one in names]
    return label(".".join(path)) if path else "The whole passport"
