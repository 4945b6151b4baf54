"""One of everything that writing routes name in their paths and bodies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from epcis.documents import CAPTURE
from epcis.documents import ended as capture_ended
from harness.client_assertions import add_key, add_trust, new_key, public
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, rotate
from harness.databases import PostgresDatabase
from harness.people import Person, add_person
from harness.rows import execute, rows
from harness.world import World
from linkxg.clock import DAY, now_ms, rfc3339
from linkxg.ids import uuid7
from network.connected import sent
from network.partners import new_account
from network.recalling import forget_gln, recall, received, shipped
from network.sharing import connection_of, post_share, share
from products.catalogue import body, complete, new_gtin
from scim.provider import new_provider

CSV = ("Content-Type", "text/csv")
SESSION_ID = "01a20900-46b1-7977-8501-b67e3b66cab2"
SUBSCRIPTION = {"dest": "https://receiver.example.test/", "signatureToken": "s" * 32, "stream": True}
GRANT = {
    "roles": ["authority"],
    "purpose": "A test.",
    "recipient": "A tester",
    "expiresAt": rfc3339(int(time.time() * 1_000) + 30 * DAY),
}
UPLOADED = b"sku,name\nS-1,Bolt\n"


@dataclass(frozen=True)
class Things:
    """What the requests are about; each of them changes another one."""

    victim: Person
    client: OAuthClient
    overlapping: OAuthClient
    drafted: str
    publishable: str
    published: str
    removable: str
    redrafted: str
    undrafted: str
    archived: str
    finished_import: str
    dry_run: str
    invited: str
    acceptable: str
    declinable: str
    connection: str
    share: str
    shared: str
    adoptable: str
    approvable: str
    declinable_request: str
    cancellable: str
    renamed: Person
    scim_token: str
    epcis_query: str
    recall: str
    recall_recipient: str
    recall_withdrawn: str
    notice: str
    notice_of_page: str
    recallable: str
    epcis_subscription: tuple[str, str]
    of_units: str
    units: tuple[str, str]
    access_requests: tuple[str, str]
    passport_grant: str
    access_request_of_page: str
    grant_of_page: str
    client_keys: tuple[str, str]
    client_trusts: tuple[str, str]
    certificate_id: str
    of_unit_of_page: str
    unit_of_page: str
    upload: str = ""
    session: str = SESSION_ID
    passkey: str = SESSION_ID


def _epcis_query(world: World) -> str:
    name = f"q{uuid4()}"
    made = world.api.post("/epcis/queries", bearer=world.owner.access, json={"name": name, "query": {}})
    assert made.status == 201, made
    return name


def epcis_subscription(world: World) -> tuple[str, str]:
    """A query, and a subscription of it."""
    name = _epcis_query(world)
    path = f"/epcis/queries/{name}/subscriptions"
    made = world.api.post(path, bearer=world.owner.access, json=SUBSCRIPTION).expect(201)
    return name, str(made.object()["subscriptionID"])


def make_things(world: World) -> Things:
    """Made by the Owner, for requests of another one; everything is in the state that its request needs."""
    api, owner = world.api, world.owner.access

    def product(**members: Any) -> str:
        return str(api.post("/products", bearer=owner, json=body(**members)).expect(201).data()["id"])

    def published() -> str:
        product_id = product(**complete())
        api.post(f"/products/{product_id}/publish", bearer=owner).expect(200)
        return product_id

    def units(product_id: str) -> tuple[str, str]:
        """Passports of two items."""
        given = {"passports": [{"serial": "1"}, {"serial": "2"}]}
        made = api.post(f"/products/{product_id}/passports", bearer=owner, json=given).expect(201).data()
        return made[0]["id"], made[1]["id"]

    client, overlapping = world.new_client(), world.new_client()
    rotate(api, overlapping, owner, grace_period_seconds=3600).expect(200)
    redrafted, archived = published(), published()
    api.patch(f"/products/{redrafted}", bearer=owner, json={"content": {"brand": "Next"}}).expect(200)
    api.delete(f"/products/{archived}", bearer=owner).expect(204)
    return Things(
        world.person(), client, overlapping, product(), product(**complete()), published(), product(),
        redrafted, published(), archived, _imported(world, f"sku,gtin\nS-{uuid4()},1\n"),
        _imported(world, f"sku,name\nS-{uuid4()},Bolt\n", "?dryRun=true"),
        _invitation(world), _invitation(world, incoming=True), _invitation(world, incoming=True), *_shares(world),
        *_requests(world), _renamed(world), new_provider(world, verifies=False).token_id,
        _epcis_query(world), *_recalls(world), epcis_subscription(world),
        published(), certificate_id=_certificate(world, client),
        **(_passports(world, units(published())) | _unit_of_page(published(), units)
           | _client_credentials(world, overlapping)),
    )  # fmt: skip


def _client_credentials(world: World, oauth: OAuthClient) -> dict[str, Any]:
    """Two keys and two trusted workloads of a client."""
    owner, sub = world.owner, {"issuer": "https://ci.example.test", "audience": "us"}
    keys = [add_key(world.api, owner, oauth.client_id, jwk=public(new_key())).expect(201) for _ in range(2)]
    trusts = [
        add_trust(world.api, owner, oauth.client_id, **sub, claims={"sub": str(uuid4())}).expect(201) for _ in range(2)
    ]
    return {
        "client_keys": tuple(str(one.object()["id"]) for one in keys),
        "client_trusts": tuple(str(one.object()["id"]) for one in trusts),
    }


def _certificate(world: World, oauth: OAuthClient) -> str:
    path, pem = f"/oauth/clients/{oauth.client_id}/certificates", {"certificate": ClientCertificate().pem}
    return str(world.api.post(path, bearer=world.owner.access, json=pem).expect(201).object()["id"])


def _passports(world: World, units: tuple[str, str]) -> dict[str, Any]:
    """Passports of items, requests for access to one of them, and grants: for the API, and for the console."""
    owner = world.owner.access
    for _ in range(3):
        insert_access_request(world, units[1])
    asked = world.api.get("/dpp/access-requests?status=PENDING", bearer=owner).expect(200).object()["data"]
    path = f"/dpp/{units[1]}/grants"
    grants = [world.api.post(path, bearer=owner, json=GRANT, reveals=True).expect(201).data()["id"] for _ in range(2)]
    first, second, of_page = (str(one["id"]) for one in asked[:3])
    return {
        "units": units, "access_requests": (first, second), "access_request_of_page": of_page,
        "passport_grant": str(grants[0]), "grant_of_page": str(grants[1]),
    }  # fmt: skip


def _unit_of_page(product_id: str, units: Callable[[str], tuple[str, str]]) -> dict[str, str]:
    return {"of_unit_of_page": product_id, "unit_of_page": units(product_id)[0]}


def insert_access_request(world: World, passport_id: str, account_id: str = "") -> str:
    """The id of a request that waits. Not by the API, whose budget of strangers is small."""
    request_id = str(uuid7())
    columns = "account_id, id, passport_id, role, purpose, contact, status, created_at"
    named = f"'{account_id or world.account.account_id}', '{request_id}', '{passport_id}'"
    values = f"{named}, 'authority', 'For us.', 'us', 'PENDING', {now_ms()}"
    execute(world.server.database, f"insert into passport_access_requests ({columns}) values ({values})")
    return request_id


def _recalls(world: World) -> tuple[str, str, str, str, str, str]:
    """A recall with a recipient who is no partner, one to withdraw, two notices, and an item with an event."""
    first, second = recall(world), recall(world)
    stranger = next(one for one in first["recipients"] if not one["notified"])
    item = shipped(world)
    forget_gln(world, world.other_owner)
    made = (first["id"], stranger["id"], second["id"], received(world)["id"], received(world)["id"], item.uri)
    return tuple(str(one) for one in made)  # type: ignore[return-value]


def _requests(world: World) -> tuple[str, str, str]:
    """Requests that wait for a decision: two of the second account, and one to it."""
    first, second, own = (
        str(sent(world, by, gtin=new_gtin())["id"]) for by in (world.other_owner, world.other_owner, world.owner)
    )
    return first, second, own


def _renamed(world: World) -> Person:
    """Somebody whose change of e-mail address waits for both confirmations, as if links had been mailed."""
    person, database = world.person(), world.server.database
    ((stored,),) = rows(database, f"SELECT password_hash FROM users WHERE id = '{person.user_id}'")
    quote = "'\\x{}'" if isinstance(database, PostgresDatabase) else "x'{}'"
    old, new, password = (quote.format(sha256(one.encode()).hexdigest()) for one in (uuid4().hex, uuid4().hex, stored))
    execute(
        database,
        "INSERT INTO email_changes (account_id, id, user_id, old_email, old_email_key, new_email, new_email_key, "
        "old_digest, new_digest, password_digest, created_at, expires_at) VALUES "
        f"('{world.account.account_id}', '{uuid4()}', '{person.user_id}', '{person.email}', '{person.email}', "
        f"'new.{person.email}', 'new.{person.email}', {old}, {new}, {password}, 1, {2**42})",
    )
    return person


def _imported(world: World, file: str, query: str = "") -> str:
    """An import that has ended."""
    api, owner = world.api, world.owner.access
    started = api.post(f"/imports{query}", bearer=owner, content=file.encode(), headers=[CSV]).expect(202).data()
    await_imports(world)
    return str(started["id"])


def _invitation(world: World, *, incoming: bool = False) -> str:
    """A pending invitation by the account, or to it."""
    api = world.api
    email = f"{uuid4()}@example.test"
    if incoming:
        email = add_person(api, world.owner, "MEMBER").email
    # Of an account of its own each: a connection ends the other invitations between the two.
    inviter = new_account(world) if incoming else world.owner
    given = {"inviteeEmail": email, "relationship": "PARTNER"}
    invited = api.post("/connections", bearer=inviter.access, json=given, reveals=True).expect(201).data()
    return str(invited["id"])


def _shares(world: World) -> tuple[str, str, str, str]:
    """The connection with the second account, a share of the first, and two products of the second."""
    connection, theirs = connection_of(world), world.other_owner.access
    own = share(world, type="CATEGORY", category=str(uuid4()))["id"]
    found = []
    for _ in range(2):
        made = world.api.post("/products", bearer=theirs, json=body(**complete())).expect(201).data()
        world.api.post(f"/products/{made['id']}/publish", bearer=theirs).expect(200)
        post_share(world, bearer=theirs, type="PRODUCT", productId=made["id"]).expect(201)
        found.append(str(made["id"]))
    return connection, str(own), found[0], found[1]


def await_imports(world: World) -> None:
    """Until no import or capture of the account is under way, and nothing is written but by requests."""
    api, owner = world.api, world.owner.access
    for job in api.get(CAPTURE, bearer=owner).expect(200).json():
        if job["running"]:
            capture_ended(world, f"{CAPTURE}/{job['captureID']}")
    for job in api.get("/imports", bearer=owner).expect(200).object()["data"]:
        deadline = time.monotonic() + 30
        while job["status"] in ("QUEUED", "RUNNING"):
            assert time.monotonic() < deadline, job
            job = api.get(f"/imports/{job['id']}?wait=10", bearer=owner).expect(200).data()


@contextmanager
def uploading(world: World, access: str | None = None) -> Iterator[str]:
    """An import that waits for its file, begun with this token; an account has two unfinished ones at most."""
    api, owner = world.api, world.owner.access
    length = ("Upload-Length", str(len(UPLOADED)))
    job = str(api.post("/imports", bearer=access or owner, headers=[CSV, length]).expect(202).data()["id"])
    try:
        yield job
    finally:
        api.post(f"/imports/{job}/cancel", bearer=owner).expect_one_of((202, None), (409, "invalid_state"))


def insert_passkey(world: World, person: Person) -> str:
    """The id of a passkey that nobody holds, and that does not count as a second factor."""
    passkey_id, account_id = str(uuid4()), world.account.account_id
    raw = f"'{passkey_id}'" if world.server.database.url.startswith("postgresql") else f"cast('{passkey_id}' as blob)"
    columns = "account_id, id, user_id, credential_id, user_handle, public_key, sign_count, backup_eligible, backed_up"
    values = f"'{account_id}', '{passkey_id}', '{person.user_id}', {raw}, {raw}, {raw}, 0, false, false"
    execute(
        world.server.database,
        f"INSERT INTO passkeys ({columns}, transports, aaguid, name, created_at) "
        f"VALUES ({values}, '', '', 'Passkey', 1) RETURNING 1",
    )
    return passkey_id
