"""`/dpp/{id}/qr`, and sheets of labels."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.db import Database
from linkxg.http.headers import header
from linkxg.http.permissions import public_or_scope, scope
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import account_id_of
from linkxg.network.passports.carriers.label_sheet import POLICY, label_sheet
from linkxg.network.passports.carriers.qr_code import (
    MAX_QUIET,
    MAX_SCALE,
    MEDIA_TYPES,
    ErrorLevel,
    ImageFormat,
    QrCodes,
    QrOptions,
)
from linkxg.network.passports.carriers.read_labels import PrintLabels, read_labels
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.issue.routes import TAG
from linkxg.network.passports.read.read_passport import read_passport

QR_CODES, LABELS = Budget("passport-qr-codes", 300, 60), Budget("passport-labels", 60, 60)
EXACT = "X-Carrier-Link"
_IMAGE = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class CarrierServices:
    database: Database
    addresses: Addresses
    codes: QrCodes


async def _qr(
    services: NamedDependency[CarrierServices],
    passport_id: FromPath[str],
    format: FromQuery[ImageFormat] = "svg",
    level: Annotated[ErrorLevel, QueryParameter(name="ecc", description="The level of error correction.")] = "M",
    scale: Annotated[int, QueryParameter(name="size", ge=1, le=MAX_SCALE, description="Pixels a module.")] = 8,
    quiet: Annotated[int, QueryParameter(ge=0, le=MAX_QUIET, description="Modules of the quiet zone.")] = 4,
) -> Response[bytes]:
    """The QR code of a passport. It contains the GS1 Digital Link of its data carrier, as X-Carrier-Link has it."""
    found = await read_passport(services.database, passport_id, None)
    link = services.addresses.carrier(found.issuer.slug, found.passport)
    code = await services.codes.draw(link, QrOptions(format, level, scale, quiet))
    headers = {
        EXACT: code.uri,
        "Cache-Control": "public, max-age=86400",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": EXACT,
    }
    return Response(code.body, media_type=MEDIA_TYPES[format], headers=headers)


_QR: dict[str, Any] = {
    "gives": dict.fromkeys(MEDIA_TYPES.values(), _IMAGE),
    "response_headers": [header(EXACT, "The address in the symbol.")],
    **public_or_scope("dpp:read", QR_CODES),
}
qr = get("/dpp/{passport_id:str}/qr", operation_id="drawPassportQrCode", **_QR)(_qr)
qr_by_address = get("/dpp/{passport_id:str}/qr", include_in_schema=False, **_QR)(_qr)


@post(
    "/dpp/labels",
    operation_id="printPassportLabels",
    status_code=200,
    gives={"text/html": {"type": "string"}},
    **scope("dpp:read", LABELS),
)
async def labels(
    request: Request[Any, Any, Any],
    services: NamedDependency[CarrierServices],
    data: JSONBody[PrintLabels],
) -> Response[str]:
    """A page of labels to be printed. Each has the QR code of a batch, of an item, or of the model."""
    found = await read_labels(services.database, account_id_of(request.scope), data.product_id, data.labels)
    page = await asyncio.to_thread(label_sheet, found.sku, found.labels, services.addresses, data.level)
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": POLICY})


def _router(services: CarrierServices, *handlers: Any) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=handlers,
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )


def router(services: CarrierServices) -> Router:
    return _router(services, qr, labels)


def public_router(services: CarrierServices) -> Router:
    return _router(services, qr_by_address)
