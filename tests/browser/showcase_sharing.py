"""What the showcase account shares with a partner, and the requests between them."""

from __future__ import annotations

from dataclasses import dataclass

from browser.showcase_products import Stock
from harness.answers import JsonObject
from harness.world import World
from network.connected import send
from network.sharing import SHARED, connection_of, post_share, share, withdraw
from passports.reading import passport_of
from products.catalogue import body, complete, new_gtin, read
from races.things import GRANT

END = "2127-03-01T23:59:59Z"


@dataclass(frozen=True)
class Sharing:
    """Ids. `asked` names a product, `unknown` none; both wait, as does the account's own request.

    `access_request` is of a reader of a passport, and waits, too; `grant` is a link to that passport, used once.
    """

    connection: str
    share: str
    withdrawn: str
    asked: str
    unknown: str
    own: str
    declined: str
    theirs: str
    access_request: str
    grant: str


def build_sharing(world: World, stock: Stock) -> Sharing:
    """Connects the first account of a fresh server with the second."""
    theirs = world.other_owner
    world.api.patch("/account", bearer=theirs.access, json={"name": "Weaver Lighting Ltd"}).expect(200)
    connection = connection_of(world)
    product = {"id": stock.versioned}
    made = share(world, product, fields=["name", "brand", "category", "facility.country", "materials"], expiresAt=END)
    withdrawn = share(world, type="ALL", fields=["name"])
    withdraw(world, withdrawn).expect(204)
    answer = {"status": "REJECTED", "reason": "The mass fractions of the materials do not add up to 100 %."}
    world.api.post(f"{SHARED}/{stock.versioned}/acknowledge", bearer=theirs.access, json=answer).expect(200)
    gtin = read(world, product).expect(200).data()["gtin"]
    declined = _asked(world, connection, gtin=new_gtin(), type="TRACE", purpose="For the due diligence of 2026.")
    world.api.post(
        f"/requests/{declined}/decline", bearer=world.owner.access, json={"reason": "We do not sell this product."}
    ).expect(200)
    own = send(world, world.owner, connection, gtin=new_gtin(), purpose="For the passport of our desk lamp.")
    return Sharing(
        connection,
        str(made["id"]),
        str(withdrawn["id"]),
        _asked(world, connection, gtin=gtin, purpose="We print the composition on our label."),
        _asked(world, connection, gtin=new_gtin(), type="DPP", purpose="Our shop links to the passport."),
        str(own.expect(201).data()["id"]),
        declined,
        _shared_by_partner(world),
        *_passport_access(world, product),
    )


def _passport_access(world: World, product: JsonObject) -> tuple[str, str]:
    """A request for access to the passport of the product, and a link to it that was opened."""
    passport, owner = passport_of(world, product), world.owner.access
    given = {
        "role": "legitimateInterest", "purpose": "We recycle lamps and need their composition.",
        "contact": "lab@recycler.example.test", "evidence": "https://recycler.example.test/permit.pdf",
    }  # fmt: skip
    world.api.post(f"/dpp/{passport}/access-requests", json=given).expect(200)
    asked = world.api.get("/dpp/access-requests", bearer=owner).expect(200).object()["data"]
    terms = GRANT | {"recipient": "Market surveillance", "purpose": "File 4711", "includesBelow": True}
    made = world.api.post(f"/dpp/{passport}/grants", bearer=owner, json=terms, reveals=True).expect(201).data()
    world.api.post("/" + str(made["link"]).removeprefix(world.server.url)).expect(200)
    return str(asked[0]["id"]), str(made["id"])


def _shared_by_partner(world: World) -> str:
    """A product with two versions, which the partner shares but for its name."""
    theirs = world.other_owner.access
    made = world.api.post("/products", bearer=theirs, json=body(**complete())).expect(201).data()
    where = f"/products/{made['id']}"
    world.api.post(f"{where}/publish", bearer=theirs).expect(200)
    world.api.patch(where, bearer=theirs, json={"content": {"brand": "Weaver"}}).expect(200)
    world.api.post(f"{where}/publish", bearer=theirs).expect(200)
    fields = ["brand", "category", "materials", "facility.country"]
    post_share(world, bearer=theirs, type="PRODUCT", productId=made["id"], fields=fields, versions="ALL").expect(201)
    return str(made["id"])


def _asked(world: World, connection: str, **given: str) -> str:
    """A request by the partner."""
    return str(send(world, world.other_owner, connection, **given).expect(201).data()["id"])
