"""`/products/{id}/passport/preview`: a passport as one reader sees it, or as two do, side by side."""

from typing import NamedTuple

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.read_product import read_product
from linkxg.console.guard import PageRequest
from linkxg.console.page_forms import PageForm
from linkxg.console.pages import render
from linkxg.console.product_fields import label, leaves
from linkxg.errors import NotFound
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.connections.read_connections import list_connections
from linkxg.network.passports.documents.model import EVERYTHING, PUBLIC, Redacted, Roles
from linkxg.network.passports.read.own_passports import find_product_passport, preview_passport

PREVIEW = "/products/{product_id:str}/passport/preview"
SHOWN_PARTNERS = 100
_PARTNER = "partner "


class PassportViewer(NamedTuple):
    """A reader whose view is shown; `partner_id` is the account of a partner, whose shares say its roles."""

    name: str
    roles: Roles
    partner_id: str | None = None


class ComparedField(NamedTuple):
    """A value, or None where the reader does not see the field."""

    name: str
    left: str | None
    right: str | None


_ROLES = {
    "public": PassportViewer("The public", PUBLIC),
    "legitimateInterest": PassportViewer("A legitimate interest", PUBLIC | {"legitimateInterest"}),
    "authority": PassportViewer("An authority", PUBLIC | {"authority"}),
    "everything": PassportViewer("You", EVERYTHING),
}


async def viewers_of(page: PageRequest) -> dict[str, PassportViewer]:
    """The readers to choose from, by their value in the query; partners by their connection."""
    connected, _ = await list_connections(
        page.database, page.account_id, before=None, limit=SHOWN_PARTNERS, status="ACTIVE"
    )
    partners = {
        f"{_PARTNER}{one.id}": PassportViewer(one.partner.name, PUBLIC, one.partner.account_id)
        for one in connected
        if one.partner is not None
    }
    return _ROLES | partners


@get(PREVIEW, **session_roles(EVERYONE))
async def show(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Response[str]:
    product = await read_product(page.database, page.viewer, product_id, "base")
    lot, serial = page.query.text("lot").strip(), page.query.text("serial").strip()
    found = await find_product_passport(page.database, page.account_id, product_id, lot, serial)
    viewers = await viewers_of(page)
    left = _chosen(page.query, "as", viewers) or "public"
    right = _chosen(page.query, "with", viewers)
    right = None if right == left else right
    views: list[Redacted] = []
    if found is not None:
        for one in (left, *([right] if right else [])):
            viewer = viewers[one]
            views.append(
                await preview_passport(
                    page.database, page.account_id, found.passport.id, viewer.roles, viewer.partner_id
                )
            )
    elif lot or serial:
        raise NotFound
    return render(
        page,
        "passport_preview.html",
        head=product.head,
        name=read_content(product.content).name,
        passport=found.passport if found else None,
        viewers=viewers,
        left=left,
        right=right,
        withheld=[view.withheld for view in views],
        fields=_side_by_side(views),
    )


HANDLERS = (show,)


def _chosen(query: PageForm, name: str, viewers: dict[str, PassportViewer]) -> str | None:
    return next((one for one in viewers if one == query.text(name)), None)


def _side_by_side(views: list[Redacted]) -> list[ComparedField]:
    """The fields in the order of the product's form; what only the second reader sees comes last."""
    values = [dict(leaves(msgspec.json.encode(view.fields).decode())) for view in views]
    right = values[1] if len(values) > 1 else {}
    names = dict.fromkeys(name for one in values for name in one)
    return [ComparedField(label(name), values[0].get(name), right.get(name)) for name in names]
