"""A valid request for every route of the API that writes on behalf of a caller."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from architecture.program import Route, routes
from harness.clients import OAuthClient, rotate
from harness.databases import PostgresDatabase
from harness.factors import Authenticator
from harness.held_request import HttpRequest
from harness.passkeys import new_authenticator
from harness.people import Person, add_person
from harness.rows import execute, rows
from harness.world import World
from network.connected import sent
from network.partners import new_account
from network.sharing import connection_of, post_share, share
from products.catalogue import body, complete, new_gtin
from scim.provider import new_provider

API = "/api/v1"
JSON = ("Content-Type", "application/json")
CSV = ("Content-Type", "text/csv")
UPLOADED = b"sku,name\nS-1,Bolt\n"
SESSION_ID = "01a20900-46b1-7977-8501-b67e3b66cab2"


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
    upload: str = ""
    session: str = SESSION_ID
    passkey: str = SESSION_ID


def make_things(world: World) -> Things:
    """Made by the Owner, for requests of another one; everything is in the state that its request needs."""
    api, owner = world.api, world.owner.access

    def product(**members: Any) -> str:
        return str(api.post("/products", bearer=owner, json=body(**members)).expect(201).data()["id"])

    def published() -> str:
        product_id = product(**complete())
        api.post(f"/products/{product_id}/publish", bearer=owner).expect(200)
        return product_id

    overlapping = world.new_client()
    rotate(api, overlapping, owner, grace_period_seconds=3600).expect(200)
    redrafted, archived = published(), published()
    api.patch(f"/products/{redrafted}", bearer=owner, json={"content": {"brand": "Next"}}).expect(200)
    api.delete(f"/products/{archived}", bearer=owner).expect(204)
    return Things(
        world.person(), world.new_client(), overlapping, product(), product(**complete()), published(), product(),
        redrafted, published(), archived, _imported(world, f"sku,gtin\nS-{uuid4()},1\n"),
        _imported(world, f"sku,name\nS-{uuid4()},Bolt\n", "?dryRun=true"),
        _invitation(world), _invitation(world, incoming=True), _invitation(world, incoming=True), *_shares(world),
        *_requests(world), _renamed(world), new_provider(world, verifies=False).token_id,
    )  # fmt: skip


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
    """Until no import of the account is under way, and nothing is written but by requests."""
    api, owner = world.api, world.owner.access
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


def _json(path: str, value: Any) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    return path, (JSON,), json.dumps(value).encode()


def _empty(path: str) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    return path, (), b""


Made = tuple[str, tuple[tuple[str, str], ...], bytes]
REQUESTS: dict[str, Callable[[World, Things], Made]] = {
    "PATCH /account": lambda w, t: _json("/account", {"gln": new_gtin()}),
    "POST /connections": lambda w, t: _json(
        "/connections", {"inviteeEmail": f"{uuid4()}@example.test", "relationship": "SUPPLIER"}
    ),
    "POST /connections/{connection_id}/accept": lambda w, t: _empty(f"/connections/{t.acceptable}/accept"),
    "POST /connections/{connection_id}/decline": lambda w, t: _json(f"/connections/{t.declinable}/decline", {}),
    "POST /connections/{connection_id}/revoke": lambda w, t: _json(f"/connections/{t.invited}/revoke", {}),
    "POST /connections/{connection_id}/requests": lambda w, t: _json(
        f"/connections/{t.connection}/requests", {"type": "PRODUCT", "gtin": new_gtin(), "purpose": "For our label."}
    ),
    "POST /requests/{request_id}/approve": lambda w, t: _json(
        f"/requests/{t.approvable}/approve", {"expiresAt": "2099-01-01T00:00:00Z", "productId": t.published}
    ),
    "POST /requests/{request_id}/decline": lambda w, t: _json(f"/requests/{t.declinable_request}/decline", {}),
    "POST /requests/{request_id}/cancel": lambda w, t: _empty(f"/requests/{t.cancellable}/cancel"),
    "POST /account/scim-tokens": lambda w, t: _json("/account/scim-tokens", {"name": "Entra ID"}),
    "DELETE /account/scim-tokens/{token_id}": lambda w, t: _empty(f"/account/scim-tokens/{t.scim_token}"),
    "POST /account/users": lambda w, t: _json("/account/users", {"email": f"{uuid4()}@example.test"}),
    "POST /account/users/{user_id}/password-reset": lambda w, t: _empty(
        f"/account/users/{t.victim.user_id}/password-reset"
    ),
    "PATCH /account/users/{user_id}": lambda w, t: _json(f"/account/users/{t.victim.user_id}", {"role": "VIEWER"}),
    "DELETE /account/users/{user_id}": lambda w, t: _empty(f"/account/users/{t.victim.user_id}"),
    "DELETE /account/users/{user_id}/factors": lambda w, t: _empty(f"/account/users/{t.victim.user_id}/factors"),
    "POST /auth/factors/passkeys/options": lambda w, t: _empty("/auth/factors/passkeys/options"),
    "POST /auth/factors/totp": lambda w, t: _empty("/auth/factors/totp"),
    "POST /auth/factors/recovery-codes": lambda w, t: _empty("/auth/factors/recovery-codes"),
    "DELETE /auth/factors/{factor_id}": lambda w, t: _empty(f"/auth/factors/{SESSION_ID}"),
    "PATCH /auth/me": lambda w, t: _json("/auth/me", {"name": f"Ada {uuid4()}"}),
    "DELETE /auth/email": lambda w, t: _empty("/auth/email"),
    "POST /account/users/{user_id}/email-change/approve": lambda w, t: _json(
        f"/account/users/{t.renamed.user_id}/email-change/approve", {"newEmail": f"new.{t.renamed.email}"}
    ),
    "PUT /account/identity-provider": lambda w, t: _json(
        "/account/identity-provider", {"issuer": "https://127.0.0.1:1", "clientId": "c", "clientSecret": "not one"}
    ),
    "DELETE /account/identity-provider": lambda w, t: _empty("/account/identity-provider"),
    "POST /account/identity-provider/test": lambda w, t: _empty("/account/identity-provider/test"),
    "PUT /account/domains/{domain}": lambda w, t: _empty(f"/account/domains/{uuid4()}.example"),
    "POST /account/domains/{domain}/verify": lambda w, t: _empty(f"/account/domains/{uuid4()}.example/verify"),
    "DELETE /account/domains/{domain}": lambda w, t: _empty(f"/account/domains/{uuid4()}.example"),
    "POST /auth/logout": lambda w, t: _empty("/auth/logout"),
    "DELETE /auth/sessions/{session_id}": lambda w, t: _empty(f"/auth/sessions/{t.session}"),
    "POST /identifiers/validate": lambda w, t: _json(
        "/identifiers/validate", {"identifiers": [{"type": "gtin", "value": "4006381333931"}]}
    ),
    "POST /imports": lambda w, t: ("/imports", (CSV,), f"sku,name\nS-{uuid4()},Bolt\n".encode()),
    "POST /imports/{import_id}/cancel": lambda w, t: _empty(f"/imports/{t.upload}/cancel"),
    "PATCH /imports/{import_id}/content": lambda w, t: (
        f"/imports/{t.upload}/content",
        (("Content-Type", "application/partial-upload"), ("Upload-Offset", "0")),
        UPLOADED,
    ),
    "POST /imports/{import_id}/retry": lambda w, t: _empty(f"/imports/{t.finished_import}/retry"),
    "POST /oauth/clients": lambda w, t: _json("/oauth/clients", {"client_name": "New", "scope": "products:read"}),
    "DELETE /oauth/clients/{client_id}": lambda w, t: _empty(f"/oauth/clients/{t.client.client_id}"),
    "PATCH /oauth/clients/{client_id}": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}", {"client_name": f"Renamed {uuid4()}"}
    ),
    "POST /oauth/clients/{client_id}/rotate": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}/rotate", {"grace_period_seconds": 60}
    ),
    "DELETE /oauth/clients/{client_id}/secrets/{secret_id}": lambda w, t: _empty(
        f"/oauth/clients/{t.overlapping.client_id}/secrets/{t.overlapping.secret_id}"
    ),
    "PATCH /oauth/clients/{client_id}/secrets/{secret_id}": lambda w, t: _json(
        f"/oauth/clients/{t.overlapping.client_id}/secrets/{t.overlapping.secret_id}",
        {"expires_at": int(time.time()) + 7200},
    ),
    "POST /products": lambda w, t: _json("/products", body()),
    "DELETE /products/{product_id}": lambda w, t: _empty(f"/products/{t.removable}"),
    "PATCH /products/{product_id}": lambda w, t: _json(f"/products/{t.drafted}", {"content": {"brand": str(uuid4())}}),
    "DELETE /products/{product_id}/draft": lambda w, t: _empty(f"/products/{t.redrafted}/draft"),
    "POST /products/{product_id}/unarchive": lambda w, t: _empty(f"/products/{t.archived}/unarchive"),
    "POST /products/{product_id}/publish": lambda w, t: _json(f"/products/{t.publishable}/publish", {}),
    "POST /products/{product_id}/versions/{version}/withdraw": lambda w, t: _json(
        f"/products/{t.published}/versions/1/withdraw", {"reason": "Wrong"}
    ),
    "POST /connections/{connection_id}/shares": lambda w, t: _json(
        f"/connections/{t.connection}/shares", {"type": "CATEGORY", "category": str(uuid4())}
    ),
    "DELETE /shares/{share_id}": lambda w, t: _empty(f"/shares/{t.share}"),
    "POST /shared/products/{product_id}/acknowledge": lambda w, t: _json(
        f"/shared/products/{t.shared}/acknowledge", {"status": "ACCEPTED"}
    ),
    "POST /shared/products/{product_id}/adopt": lambda w, t: _json(f"/shared/products/{t.adoptable}/adopt", {}),
}


EMAIL = "POST /auth/email"


def _new_password(world: World, person: Person, bearer: str) -> Made:
    return _json("/auth/password", {"currentPassword": person.password, "newPassword": world.vault.password()})


def _new_email(world: World, person: Person, bearer: str) -> Made:
    return _json("/auth/email", {"newEmail": f"{uuid4()}@example.test", "password": person.password})


def _step_up(world: World, person: Person, bearer: str) -> Made:
    return _json("/auth/step-up", {"password": person.password})


def _confirm_totp(world: World, person: Person, bearer: str) -> Made:
    begun = world.api.post("/auth/factors/totp", bearer=bearer)
    if begun.status != 200:
        return _json("/auth/factors/totp/confirm", {"code": "000000"})
    secret = world.vault.remember("secret of an authenticator app", begun.data()["secret"])
    return _json("/auth/factors/totp/confirm", {"code": Authenticator(secret).code()})


def _register_passkey(world: World, person: Person, bearer: str) -> Made:
    """For a challenge of the caller; for any challenge, if they get none any more."""
    begun = world.api.post("/auth/factors/passkeys/options", bearer=bearer)
    invented = {"challenge": "A" * 43, "user": {"id": "AAAA"}}
    credential = new_authenticator(world).create(begun.data()["publicKey"] if begun.status == 200 else invented)
    return _json("/auth/factors/passkeys", {"credential": credential})


def _rename_passkey(world: World, person: Person, bearer: str) -> Made:
    return _json(f"/auth/factors/{insert_passkey(world, person)}", {"name": str(uuid4())})


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


OF_PERSON: dict[str, Callable[[World, Person, str], Made]] = {
    "POST /auth/step-up": _step_up,
    "POST /auth/factors/totp/confirm": _confirm_totp,
    "POST /auth/factors/passkeys": _register_passkey,
    "PATCH /auth/factors/{factor_id}": _rename_passkey,
    "POST /auth/password": _new_password,
    EMAIL: _new_email,
}
"""Requests that need what only the caller knows."""


NEEDS_PROVIDER = {"PUT /account/identity-provider"}
"""Accepted only if a provider answers: see `tests/sso`."""


def writes_of_api() -> dict[str, Route]:
    """Every route of the API that writes for the caller of a token, by method and path."""
    return {
        f"{route.method} {route.path.removeprefix(API)}": route
        for route in routes()
        if route.method != "GET"
        and route.path.startswith(API)
        and route.handler
        and not route.handler.opt.get("public")
    }


def reads_body(route: Route) -> bool:
    assert route.handler is not None
    return route.handler.parsed_data_field is not None or "takes" in route.handler.opt


def request_for(name: str, world: World, things: Things, bearer: str, person: Person | None) -> HttpRequest:
    """The request, with a key so that even an answer without an effect leaves a row."""
    if name in OF_PERSON:
        assert person is not None
        path, headers, content = OF_PERSON[name](world, person, bearer)
    else:
        path, headers, content = REQUESTS[name](world, things)
    if name.startswith("POST"):
        headers = (*headers, ("Idempotency-Key", str(uuid4())))
    method = name.partition(" ")[0]
    return HttpRequest(method, API + path, (("Authorization", f"Bearer {bearer}"), *headers), content)
