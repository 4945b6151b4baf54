"""Draws the QR code of a passport, with one function behind the router's route and the edge's fast path."""

from dataclasses import dataclass
from typing import Any

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.http.permissions import public_or_scope
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import RawResponse, RequestContext
from linkxg.identity.tokens.guard import Guard
from linkxg.ids import is_uuid
from linkxg.network.passports.carriers.qr_code import MEDIA_TYPES, QrCodes, QrOptions
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.read.store import find_carrier_passport

QR_CODES = Budget("passport-qr-codes", 300, 60)
QR_OPTIONS = public_or_scope("dpp:read", QR_CODES)
"""What the routes that draw QR codes declare."""
CARRIER_LINK_FIELD = "X-Carrier-Link"
_DEFAULT = QrOptions()


@dataclass(frozen=True, slots=True)
class CarrierServices:
    database: Database
    addresses: Addresses
    codes: QrCodes


async def draw_qr_code(services: CarrierServices, passport_id: str, options: QrOptions) -> RawResponse:
    """Raises NotFound."""
    found = None
    if is_uuid(passport_id):
        found = await services.database.read_single(find_carrier_passport, passport_id)
    if found is None:
        raise NotFound
    link = services.addresses.carrier(found.issuer.slug, found.passport)
    code = await services.codes.draw(link, options)
    headers = [
        (b"content-type", MEDIA_TYPES[options.format].encode()),
        (CARRIER_LINK_FIELD.lower().encode(), code.uri.encode()),
        (b"cache-control", b"public, max-age=86400"),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", CARRIER_LINK_FIELD.encode()),
    ]
    return RawResponse(200, code.body, headers)


class DrawQrCodeEndpoint:
    """The fast path of `GET /dpp/{id}/qr`."""

    def __init__(self, services: CarrierServices, guard: Guard) -> None:
        self._services, self._guard = services, guard

    async def __call__(self, context: RequestContext) -> RawResponse:
        opt: dict[str, Any] = QR_OPTIONS["opt"]
        await self._guard.admit_anybody(context, opt)
        return await draw_qr_code(self._services, context.argument, _DEFAULT)
