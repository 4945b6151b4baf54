"""Jobs of a CI that get tokens without a secret."""

from __future__ import annotations

import secrets
import time
from typing import Any

from harness.answers import Answer
from harness.client_assertions import add_trust, issuer_of, present
from harness.clients import make_client
from harness.openid_provider import OpenIdProvider
from harness.world import World

CLAIMS = {"repository": "acme/erp", "ref": "refs/heads/main"}


class Workload:
    """A client that trusts one workload of a CI."""

    def __init__(self, world: World, ci: OpenIdProvider, **changed: Any) -> None:
        self.world, self.ci = world, ci
        self.audience = issuer_of(world.api)
        self.client_id = make_client(world.api, world.owner).client_id
        trust = {"issuer": ci.issuer, "audience": self.audience, "claims": CLAIMS} | changed
        self.trust_id = add_trust(world.api, world.owner, self.client_id, **trust).expect(201).object()["id"]

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.ci.issuer,
            "aud": self.audience,
            "sub": "repo:acme/erp:ref:refs/heads/main",
            "iat": now,
            "nbf": now - 300,
            "exp": now + 300,
            "jti": secrets.token_hex(16),
            "run_id": "7",
        }
        claims |= CLAIMS
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def request(self, **changed: Any) -> Answer:
        return self.present(self.ci.sign(self.claims(**changed)))

    def present(self, token: str) -> Answer:
        return present(self.world.api, token, client_id=self.client_id)
