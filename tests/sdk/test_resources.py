"""Products, imports, connections, traceability and passports as typed records, sync and async alike."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.clients import make_client
from harness.people import Session, sign_in
from harness.world import World
from linkxg_client import (
    AsyncLinkXG,
    ClientCredentials,
    Conflict,
    Connection,
    InsufficientScope,
    InvalidScope,
    Item,
    LinkXG,
    NotFound,
    PreconditionFailed,
    UserSession,
    ValidationFailed,
)
from linkxg_client.models.imports import ImportJob
from linkxg_client.resources.methods import AsyncResource, Resource
from sdk.conftest import connect
from sdk.doubles import Recorder, ShiftedClock
from sdk.lossy_proxy import LossyProxy

pytestmark = pytest.mark.any_engine
_numbers = itertools.count(1)
PAIR = ("Knitting Mill SA", "Sewing House Lda")
PUBLISHABLE = {
    "name": "Cordless drill 18 V",
    "category": {"code": "44232", "name": "Hand tools", "schemeId": "https://unstats.un.org/cpc", "schemeName": "CPC"},
    "facility": {"name": "Hagen works", "gln": "4012345000009"},
    "countryOfProduction": "DE",
}


def new_sku() -> str:
    return f"SDK-{next(_numbers)}"


def new_gtin() -> str:
    body = f"400{next(_numbers):09}"
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(body))
    return body + str(-total % 10)


@pytest.fixture
def client(credentials: ClientCredentials) -> LinkXG:
    return LinkXG(credentials)


def test_the_life_of_a_product(client: LinkXG) -> None:
    with client:
        sku, gtin = new_sku(), new_gtin()
        product = client.products.create(sku, PUBLISHABLE, gtin)
        assert (product.sku, product.status, product.draft_version) == (sku, "DRAFT", 1)
        assert abs((datetime.now(UTC) - product.created_at).total_seconds()) < 60
        changed = client.products.update(product.id, {"content": {"brand": "Acme"}}, if_match=product.etag)
        assert changed.content["brand"] == "Acme"
        with pytest.raises(PreconditionFailed):
            client.products.update(product.id, {"content": {"brand": "Bosch"}}, if_match=product.etag)
        published = client.products.publish(product.id, "First edition")
        assert published.dpp is not None
        assert client.products.by_sku(sku).id == client.products.by_gtin(gtin).id == product.id
        assert [version.change_note for version in client.products.versions(product.id)] == ["First edition"]
        assert client.products.version(product.id, 1).content_hash == published.content_hash
        client.products.update(product.id, {"content": {"brand": None}})
        assert client.products.get(product.id, "draft").version == 2
        assert client.products.discard_draft(product.id).draft_version is None
        client.products.delete(product.id)
        assert client.products.get(product.id).status == "ARCHIVED"
        assert client.products.unarchive(product.id).status == "PUBLISHED"
        withdrawn = client.products.withdraw_version(product.id, 1, "The mass was wrong.")
        assert withdrawn.withdraw_reason == "The mass was wrong."


def test_errors_say_what_is_wrong(world: World, client: LinkXG) -> None:
    with client:
        sku = new_sku()
        client.products.create(sku, {"name": "Drill"})
        with pytest.raises(Conflict) as taken:
            client.products.create(sku, {"name": "Drill"})
        assert taken.value.error == "duplicate_sku"
        with pytest.raises(NotFound):
            client.products.by_sku("there is none/at all?")
        with pytest.raises(ValidationFailed) as invalid:
            client.products.create(new_sku(), {"name": "Drill", "colour": "red"})
        assert [detail.field for detail in invalid.value.details] == ["content"]


def test_a_missing_scope_is_told(world: World, credentials: ClientCredentials) -> None:
    narrow = world.new_client("products:read")
    own = ClientCredentials(narrow.client_id, narrow.client_secret, connection=credentials.connection)
    with LinkXG(own) as client, pytest.raises(InvalidScope):
        client.products.create(new_sku(), {"name": "Drill"})
    with LinkXG(own, scope="products:read") as client, pytest.raises(InsufficientScope) as missing:
        client.products.create(new_sku(), {"name": "Drill"})
    assert missing.value.scope == "products:write"


def test_items_come_page_after_page(client: LinkXG, recorder: Recorder) -> None:
    with client:
        began = datetime.now(UTC)
        skus = [new_sku() for _ in range(7)]
        for sku in skus:
            client.products.create(sku, {"name": "Drill"})
        recorder.requests.clear()
        listed = client.products.list(updated_since=began, limit=3)
        assert [product.sku for product in listed] == skus
        assert recorder.count("/products") == 3
        pages = listed.pages()
        first = next(pages)
        assert len(first.items) == 3
        rest = [product.sku for page in listed.pages(first.next_cursor) for product in page.items]
        assert rest == skus[3:]


def test_a_lost_answer_creates_nothing_twice(world: World, credentials: ClientCredentials) -> None:
    with LossyProxy(world.server.url) as proxy:
        oauth = world.oauth
        connection = connect(proxy.url, Recorder(), ShiftedClock())
        with LinkXG(ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection)) as client:
            proxy.lose("/products", 2)
            sku = new_sku()
            assert client.products.create(sku, {"name": "Drill"}).sku == sku
            assert proxy.lost["/products"] == 2
            assert [product.sku for product in client.products.list(sku=sku)] == [sku]


def test_an_import_with_progress(client: LinkXG, tmp_path: Path) -> None:
    rows = [new_sku() for _ in range(20_000)]
    file = tmp_path / "products.csv"
    file.write_text(
        "sku,name\n" + "".join(f"{sku},Drill with a rather long name for its kind\n" for sku in rows) + ",\n"
    )
    sent: list[tuple[int, int]] = []
    states: list[ImportJob] = []
    with client:
        started = client.imports.start(file, on_sent=lambda done, size: sent.append((done, size)))
        job = client.imports.wait(started, states.append)
    assert (job.status, job.created, job.failed) == ("COMPLETED", 20_000, 0)
    assert sent[-1] == (file.stat().st_size, file.stat().st_size)
    assert len(sent) > 2
    assert states[-1] == job


def test_the_rejected_rows_of_an_import(client: LinkXG, tmp_path: Path) -> None:
    file = tmp_path / "products.ndjson"
    good, bad = new_sku(), new_sku()
    file.write_text(f'{{"sku": "{good}", "content": {{"name": "Drill"}}}}\n{{"sku": "{bad}", "content": {{}}}}\n')
    with client:
        job = client.imports.wait(client.imports.start(file))
        assert (job.status, job.created, job.failed) == ("COMPLETED_WITH_ERRORS", 1, 1)
        assert [(error.row, error.field) for error in client.imports.errors(job.id)] == [(2, "name")]
        assert bad.encode() in client.imports.rejected_rows(job.id, "ndjson")
        assert any(each.id == job.id for each in client.imports.list())


def test_an_import_whose_answer_is_lost_runs_once(world: World, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(f"sku,name\n{new_sku()},Drill\n")
    oauth = world.new_client("imports:write")
    with LossyProxy(world.server.url) as proxy:
        connection = connect(proxy.url, Recorder(), ShiftedClock())
        with LinkXG(ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection)) as client:
            proxy.lose("/imports", 1)
            job = client.imports.wait(client.imports.start(file))
    assert (job.status, job.created) == ("COMPLETED", 1)


def test_companies_connect(world: World, connection: Connection) -> None:
    # Accounts of its own: those of the world may be connected already, and their feeds hold entries of other tests.
    inviting, invited_session = (sign_in(world.api, world.server.bootstrap(name, another=True).owner) for name in PAIR)
    with client_of(world, inviting, connection) as client, client_of(world, invited_session, connection) as other:
        slug = world.api.get("/account", bearer=invited_session.access).expect(200).data()["slug"]
        invited = client.connections.invite("SUPPLIER", slug=slug, message="Please share your fabrics.")
        assert (invited.status, invited.direction) == ("PENDING", "OUTGOING")
        waiting = list(other.connections.list(status="PENDING", direction="INCOMING"))
        accepted = other.connections.accept(waiting[0].id)
        assert accepted.status == "ACTIVE"
        feed = client.connections.changes(newest=True)
        assert client.connections.get(invited.id).partner is not None
        assert client.connections.revoke(invited.id, "A test").status == "REVOKED"
        later = client.connections.changes(feed.next_cursor)
        assert later.items == []
        assert [entry.type for entry in other.connections.changes().items][-1] == "CONNECTION_REVOKED"


def client_of(world: World, session: Session, connection: Connection) -> LinkXG:
    oauth = make_client(world.api, session)
    return LinkXG(ClientCredentials(oauth.client_id, oauth.client_secret, connection=connection))


def test_an_item_is_traced(client: LinkXG) -> None:
    gtin = new_gtin()
    with client:
        event = {
            "type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "disposition": "active",
            "eventTime": "2026-11-27T10:00:00.000Z", "eventTimeZoneOffset": "+01:00",
            "epcList": [f"https://id.gs1.org/01/0{gtin}/21/S1"],
            "readPoint": {"id": "https://id.gs1.org/414/4012345000009"},
        }  # fmt: skip
        client.request("POST", "/epcis/events", scope="imports:write", json=event)
        item = Item(gtin=gtin, serial="S1")
        assert client.traceability.status(item).disposition == "active"
        assert [each.biz_step for each in client.traceability.events(item)] == ["commissioning"]
        assert client.traceability.graph(item, "downstream").nodes[0].serial == "S1"
        impact = client.traceability.impact(f"https://id.gs1.org/01/0{gtin}/21/S1")
        assert [affected.serial for affected in impact.items] == ["S1"]


def test_passports_of_a_product(client: LinkXG) -> None:
    with client:
        product = client.products.create(new_sku(), PUBLISHABLE, new_gtin())
        published = client.products.publish(product.id)
        assert published.dpp is not None
        assert [each.id for each in client.passports.list(product_id=product.id)] == [published.dpp.id]
        assert client.passports.get(published.dpp.id).content["name"] == "Cordless drill 18 V"
        issued = client.passports.issue(product.id, [{"lot": "L1"}])
        assert [(one.granularity, one.lot, one.outcome) for one in issued] == [("batch", "L1", "CREATED")]
        assert client.passports.change_life_status(issued[0].id, "re-used").life_status == "re-used"
        assert client.passports.withdraw(issued[0].id, "Not used").withdraw_reason == "Not used"


def test_the_same_in_tasks(credentials: ClientCredentials, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(f"sku,name\n{new_sku()},Drill\n")

    async def main() -> None:
        async with AsyncLinkXG(credentials) as client:
            began = datetime.now(UTC)
            made = await asyncio.gather(*(client.products.create(new_sku(), {"name": "Drill"}) for _ in range(10)))
            listed = [product.id async for product in client.products.list(updated_since=began, limit=4)]
            assert {product.id for product in made} <= set(listed)
            job = await client.imports.wait(await client.imports.start(file))
            assert job.status == "COMPLETED"
            assert (await client.request("GET", "/products", scope="products:read"))["success"]

    asyncio.run(main())


def test_both_clients_have_the_same_methods() -> None:
    for sync, for_tasks in zip(Resource.__subclasses__(), AsyncResource.__subclasses__(), strict=True):
        assert for_tasks.__name__ == f"Async{sync.__name__}"
        public = {each for each in vars(sync) if not each.startswith("_")}
        assert public == {each for each in vars(for_tasks) if not each.startswith("_")}


def test_methods_have_the_parameters_and_the_text_of_their_call(client: LinkXG) -> None:
    with client:
        assert "if_match" in inspect.signature(client.products.update).parameters
        assert client.products.publish.__doc__ == "Publish the draft; it never changes again."


def test_a_person_uses_the_same_resources(world: World, credentials: ClientCredentials) -> None:
    person = world.person("VIEWER")
    session = UserSession(connection=credentials.connection)
    session.login(person.email, person.password)
    with LinkXG(session) as client:
        list(client.products.list(sku="none"))
        with pytest.raises(InsufficientScope):
            client.products.create(new_sku(), {"name": "Drill"})
