"""`/dpp/{id}/qr`, and sheets of labels."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from linkxg.catalog.products.read_endpoint import response_of
from linkxg.errors import NotFound
from linkxg.http.headers import header
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of
from linkxg.network.passports.carriers.draw_labels import LABELS, draw_labels
from linkxg.network.passports.carriers.label_sheet import POLICY, label_sheet
from linkxg.network.passports.carriers.qr_code import (
    MAX_QUIET,
    MAX_SCALE,
    MEDIA_TYPES,
    ErrorLevel,
    ImageFormat,
    QrOptions,
)
from linkxg.network.passports.carriers.qr_code_endpoint import (
    CARRIER_LINK_FIELD,
    QR_OPTIONS,
    CarrierServices,
    draw_qr_code,
)
from linkxg.network.passports.carriers.read_labels import PrintLabels, read_labels
from linkxg.network.passports.documents.api_tag import TAG

_IMAGE = {"type": "string", "format": "binary"}


async def _qr(
    services: NamedDependency[CarrierServices],
    passport_id: FromPath[str],
    format: FromQuery[ImageFormat] = "svg",
    level: Annotated[ErrorLevel, QueryParameter(name="ecc", description="The level of error correction.")] = "M",
    scale: Annotated[int, QueryParameter(name="size", ge=1, le=MAX_SCALE, description="Pixels per module.")] = 8,
    quiet: Annotated[int, QueryParameter(ge=0, le=MAX_QUIET, description="Modules of the quiet zone.")] = 4,
) -> Response[bytes]:
    """The QR code of a passport. It contains the GS1 Digital Link of its data carrier, as X-Carrier-Link has it."""
    return response_of(await draw_qr_code(services, passport_id, QrOptions(format, level, scale, quiet)))


_QR: dict[str, Any] = {
    "gives": dict.fromkeys(MEDIA_TYPES.values(), _IMAGE),
    "response_headers": [header(CARRIER_LINK_FIELD, "The address in the symbol.")],
    **QR_OPTIONS,
}
qr = get("/dpp/{passport_id:str}/qr", operation_id="drawPassportQrCode", **_QR)(_qr)
qr_by_address = get("/dpp/{passport_id:str}/qr", include_in_schema=False, **_QR)(_qr)


@post(
    "/dpp/labels",
    operation_id="printPassportLabels",
    errors=(NotFound,),
    status_code=200,
    gives={"text/html": {"type": "string"}},
    **scope("dpp:read", LABELS),
)
async def labels(
    request: Request[Any, Any, Any],
    services: NamedDependency[CarrierServices],
    data: JSONBody[PrintLabels],
) -> Response[str]:
    """A printable page of labels. Each has the QR code of a batch, of an item, or of the model."""
    account_id = account_id_of(request.scope)
    found = await read_labels(services.database, account_id, data.product_id, data.labels)
    items = await draw_labels(account_id, found, services.addresses, data.level)
    return Response(label_sheet(found.sku, items), media_type="text/html", headers={"Content-Security-Policy": POLICY})


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
