"""`/products/{id}/passport`: the passports of a product, and what each role sees of them."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.read_product import read_product
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.passports.access.pending_requests import list_pending_requests
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.read.compare_roles import compare_roles, list_product_passports

MOST = 50


@get("/products/{product_id:str}/passport", **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    product = await read_product(page.database, page.viewer, product_id, "base")
    listed = await list_product_passports(page.database, page.account_id, product_id, MOST)
    model = next((one for one in listed.found if one.passport.granularity == "model"), None)
    fields = [] if model is None else await compare_roles(page.database, page.account_id, model.passport.id)
    asked = await list_pending_requests(page.database, page.account_id, [one.passport.id for one in listed.found])
    addresses = Addresses(page.services.public_url)
    return render(
        page,
        "product_passport.html",
        head=product.head,
        name=read_content(product.content).name,
        model=model,
        passports=listed.found,
        more=listed.has_more,
        fields=fields,
        requests=asked,
        carrier=addresses.carrier(model.issuer.slug, model.passport) if model else "",
    )


HANDLERS = (show,)
