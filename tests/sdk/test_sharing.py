"""Shares, requests, shared products, recalls and access to passports as typed records, on both engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from harness.world import World
from linkxg_client import ClientCredentials, LinkXG
from linkxg_client.models.products import Product
from network.recalling import forget_gln, shipped
from network.sharing import connection_of
from sdk.test_resources import PUBLISHABLE, new_gtin, new_sku


@dataclass(frozen=True)
class Pair:
    """Two companies that are connected, and a published product of the first."""

    owner: LinkXG
    partner: LinkXG
    connection_id: str
    product: Product


@pytest.fixture
def pair(world: World, credentials: ClientCredentials) -> Iterator[Pair]:
    other = world.other_oauth
    partner_credentials = ClientCredentials(other.client_id, other.client_secret, connection=credentials.connection)
    with LinkXG(credentials) as owner, LinkXG(partner_credentials) as partner:
        draft = owner.products.create(new_sku(), PUBLISHABLE, new_gtin())
        yield Pair(owner, partner, connection_of(world), owner.products.publish(draft.id))


def in_a_day() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


def test_a_product_is_shared_acknowledged_and_adopted(pair: Pair) -> None:
    owner, partner, product = pair.owner, pair.partner, pair.product
    preview = owner.shares.preview(pair.connection_id, "PRODUCT", product_id=product.id, fields=["name"])
    assert [each.content["name"] for each in preview.preview] == ["Cordless drill 18 V"]
    end = in_a_day()
    share = owner.shares.create(pair.connection_id, "PRODUCT", product_id=product.id, expires_at=end)
    assert (share.status, share.expires_at) == ("ACTIVE", end)
    assert share.id in {each.id for each in owner.shares.list(pair.connection_id, limit=1)}

    shown = partner.shared_products.get(product.id)
    assert (shown.sku, shown.shared_by.connection_id) == (product.sku, pair.connection_id)
    assert product.id in {each.id for each in partner.shared_products.list(gtin=product.gtin)}
    assert [each.version for each in partner.shared_products.versions(product.id)] == [1]
    assert partner.shared_products.version(product.id, 1).status == "PUBLISHED"
    assert partner.shared_products.acknowledge(product.id, "ACCEPTED").status == "ACCEPTED"
    assert partner.shared_products.adopt(product.id, sku=new_sku()).version_status == "DRAFT"

    (seen,) = [each for each in owner.shares.of_product(product.id) if each.share_id == share.id]
    assert seen.acknowledgement is not None
    # Reads are counted in memory and written after a while.
    until = time.monotonic() + 30
    while product.sku not in {each.sku for each in owner.connections.access_log(pair.connection_id)}:
        assert time.monotonic() < until
        time.sleep(0.2)
    owner.shares.withdraw(share.id)
    assert owner.shares.get(share.id).status == "WITHDRAWN"


def test_a_request_is_approved_declined_or_cancelled(pair: Pair) -> None:
    owner, partner, product = pair.owner, pair.partner, pair.product
    sent = partner.share_requests.send(pair.connection_id, "PRODUCT", "For our label.", gtin=product.gtin)
    assert sent.id in {each.id for each in owner.share_requests.list(direction="INCOMING", status="PENDING")}
    approved = owner.share_requests.approve(sent.id, in_a_day(), fields=["name"])
    assert (approved.status, approved.share_id is not None) == ("APPROVED", True)
    assert partner.share_requests.get(sent.id).status == "APPROVED"
    assert approved.share_id is not None
    owner.shares.withdraw(approved.share_id)
    second = partner.share_requests.send(pair.connection_id, "PRODUCT", "For our shop.", gtin=new_gtin())
    assert owner.share_requests.decline(second.id, "Not ours").reason == "Not ours"
    third = partner.share_requests.send(pair.connection_id, "PRODUCT", "For our shop.", gtin=new_gtin())
    assert partner.share_requests.cancel(third.id).status == "CANCELLED"


def test_a_recall_is_announced_and_acknowledged(world: World, pair: Pair) -> None:
    owner, partner = pair.owner, pair.partner
    item = shipped(world)
    announced = owner.recalls.announce(
        f"The dye of {item.uri} exceeds its limit.", [item.uri], instructions="Stop the sale."
    )
    forget_gln(world, world.other_owner)
    assert announced.recipients is not None
    assert [each.notified for each in announced.recipients].count(True) == 1
    (mine,) = [each for each in partner.recalls.notices(waiting=True, limit=1) if each.reason == announced.reason]
    assert partner.recalls.notice(mine.id).items == [item.uri]
    assert [each.id for each in partner.recalls.notice_items(mine.id)] == [item.uri]
    assert partner.recalls.acknowledge(mine.id, "Stopped").note == "Stopped"
    stranger = next(each for each in announced.recipients if not each.notified)
    assert [each.id for each in owner.recalls.recipient_items(announced.id, stranger.id)] == [item.uri]
    assert owner.recalls.acknowledge_for(announced.id, stranger.id, "By phone").status == "ACKNOWLEDGED"
    assert announced.id in {each.id for each in owner.recalls.list()}
    assert owner.recalls.withdraw(announced.id, "A test").status == "WITHDRAWN"
    assert owner.recalls.get(announced.id).withdrawal_reason == "A test"


def test_access_to_a_passport_is_granted(pair: Pair) -> None:
    owner, product = pair.owner, pair.product
    assert product.dpp is not None
    passport = product.dpp.id
    assert [each.version for each in owner.passports.versions(passport)] == [1]
    assert owner.passports.qr_code(passport, "png").startswith(b"\x89PNG")
    grant = owner.passports.grant(passport, ["legitimateInterest"], "Repair", "Repair shop", in_a_day())
    assert grant.link is not None
    assert grant.link not in repr(grant)
    assert [each.id for each in owner.passports.grants(passport)] == [grant.id]
    assert list(owner.passports.accesses(grant.id)) == []
    assert owner.passports.revoke_grant(grant.id).status == "REVOKED"

    asked = {"role": "authority", "purpose": "Inspection", "contact": "inspector@authority.example"}
    for _ in range(2):
        address = owner.credentials.connection.address(f"/dpp/{passport}/access-requests")
        httpx.post(address, json=asked, trust_env=False).raise_for_status()
    mine = [each for each in owner.passports.access_requests("PENDING") if each.passport_id == passport]
    assert owner.passports.approve_access(mine[0].id, in_a_day()).link is not None
    for request in mine[1:]:
        assert owner.passports.decline_access(request.id, "Once is enough").status == "DECLINED"
