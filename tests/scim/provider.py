"""An identity provider that provisions the people of an account by SCIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from harness.answers import Answer
from harness.client import Client
from harness.people import Session
from harness.rows import execute
from harness.world import World

BASE = "//scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
TYPE = ("Content-Type", "application/scim+json")


@dataclass(frozen=True)
class Provider:
    """A client with a SCIM token of one account, which has verified `domain`."""

    api: Client
    token_id: str
    token: str
    domain: str = ""

    def address(self) -> str:
        """One that nobody has, in the account's domain."""
        return f"{uuid4().hex[:12]}@{self.domain}"

    def user(self, **members: Any) -> dict[str, Any]:
        """A resource, with an address that nobody has."""
        return {"schemas": [USER], "userName": self.address(), **members}

    def request(self, method: str, path: str, **options: Any) -> Answer:
        options.setdefault("bearer", self.token)
        headers = [*options.pop("headers", ())]
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(TYPE)
        return self.api.request(method, BASE + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def create(self, **members: Any) -> dict[str, Any]:
        return self.request("POST", "/Users", json=self.user(**members)).expect(201).object()

    def patch(self, user_id: str, *operations: dict[str, Any], **options: Any) -> Answer:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return self.request("PATCH", f"/Users/{user_id}", json=body, **options)

    def put(self, user_id: str, **options: Any) -> Answer:
        return self.request("PUT", f"/Users/{user_id}", **options)

    def find(self, text: str, **query: Any) -> list[dict[str, Any]]:
        """The people that a filter selects, by POST."""
        body = {"schemas": [SEARCH], "filter": text, **query}
        found: list[dict[str, Any]] = (
            self.request("POST", "/Users/.search", json=body).expect(200).object()["Resources"]
        )
        return found

    def deactivate(self, user_id: str) -> Answer:
        """As Okta does."""
        return self.patch(user_id, {"op": "replace", "value": {"active": False}})


def domain_of_account(world: World, owner: Session | None = None) -> str:
    """A domain that no other account can have, verified as by the operator; `end_tokens` removes it."""
    account = _account_id(world, owner)
    domain = f"{account[-12:]}.scim.test"
    execute(
        world.server.database,
        "INSERT INTO email_domains (account_id, domain, token, created_at, verified_at) "
        f"VALUES ('{account}', '{domain}', '{uuid4().hex}', 1, 1) ON CONFLICT DO NOTHING",
    )
    return domain


def new_provider(world: World, owner: Session | None = None, *, verifies: bool = True) -> Provider:
    """A new token of the first account, or of another Owner's, and with `verifies` a domain for its people.

    `end_tokens` removes both.
    """
    by = (owner or world.owner).access
    end_tokens(world, owner)
    created = world.api.post("/account/scim-tokens", bearer=by, json={"name": "IdP"}, reveals=True).expect(201).data()
    token = world.vault.remember("SCIM token", created["token"])
    assert created["baseUrl"].endswith("/scim/v2")
    return Provider(world.api, created["id"], token, domain_of_account(world, owner) if verifies else "")


def end_tokens(world: World, owner: Session | None = None) -> None:
    """Revoke every SCIM token of the account, and remove the domains that its provider had."""
    by = (owner or world.owner).access
    for one in world.api.get("/account/scim-tokens", bearer=by).expect(200).data():
        world.api.delete(f"/account/scim-tokens/{one['id']}", bearer=by).expect_one_of((204, None), (404, "not_found"))
    domains = f"%{_account_id(world, owner)[-12:]}.scim.test"
    execute(world.server.database, f"DELETE FROM email_domains WHERE domain LIKE '{domains}'")


def _account_id(world: World, owner: Session | None) -> str:
    return str(world.api.get("/account", bearer=(owner or world.owner).access).expect(200).data()["id"])
