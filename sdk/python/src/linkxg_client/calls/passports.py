"""Requests about Digital Product Passports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import httpx

from linkxg_client.call import Call, content_of, data_of, one, params, path
from linkxg_client.decode import decode
from linkxg_client.models.passports import IssuedPassport, Passport, PassportState, PassportSummary
from linkxg_client.pages import PageCall, page_of

READ, WRITE = "dpp:read", "products:write"


def list_passports(
    product_id: str | None = None,
    gtin: str | None = None,
    lot: str | None = None,
    serial: str | None = None,
    shared: bool | None = None,
    limit: int | None = None,
) -> PageCall[PassportSummary]:
    """The passports of the account; with `shared`, of a product of a partner."""
    asked = params(product_id=product_id, gtin=gtin, lot=lot, serial=serial, shared=shared, limit=limit)
    return lambda cursor: Call("GET", "/dpp", READ, page_of(PassportSummary), asked | params(cursor=cursor))


def get(passport_id: str) -> Call[Passport]:
    """A passport, as far as the token may read it."""
    return Call("GET", path("dpp", passport_id), READ, one(Passport))


def list_versions(passport_id: str, limit: int | None = None) -> PageCall[PassportSummary]:
    """The versions of a passport, newest first."""
    address = path("dpp", passport_id, "versions")
    return lambda cursor: Call("GET", address, READ, page_of(PassportSummary), params(limit=limit, cursor=cursor))


def qr_code(passport_id: str, format: Literal["svg", "png"] | None = None) -> Call[bytes]:
    """The data carrier of a passport as an image."""
    headers = {"Accept": "image/png" if format == "png" else "image/svg+xml"}
    return Call("GET", path("dpp", passport_id, "qr"), READ, content_of, params(format=format), headers)


def issue(product_id: str, units: Sequence[Mapping[str, Any]]) -> Call[list[IssuedPassport]]:
    """Issue the passports of batches and items of a published product."""
    made = {"passports": [dict(unit) for unit in units]}
    return Call("POST", path("products", product_id, "passports"), WRITE, _issued, json=made)


def withdraw(passport_id: str, reason: str) -> Call[PassportState]:
    """Withdraw the passport of a batch or an item. It stays readable, with the reason."""
    return Call("POST", path("dpp", passport_id, "withdraw"), WRITE, one(PassportState), json={"reason": reason})


def change_life_status(
    passport_id: str, life_status: Literal["re-used", "repurposed", "remanufactured", "waste"]
) -> Call[PassportState]:
    """Say what has become of a batch or an item."""
    address = path("dpp", passport_id, "life-status")
    return Call("POST", address, WRITE, one(PassportState), json={"lifeStatus": life_status})


def _issued(response: httpx.Response) -> list[IssuedPassport]:
    return [decode(IssuedPassport, each) for each in data_of(response)]
