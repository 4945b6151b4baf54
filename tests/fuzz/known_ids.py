"""Which ids of things that exist does a fuzzed path get, so that not every request ends at 404?"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from harness.clients import rotate
from harness.people import invite, sign_in
from harness.world import World


class KnownIds:
    """Makes things of the first account on demand; what a request removed is made anew."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._kept: dict[str, dict[str, str]] = {}
        self._makers: dict[str, Callable[[], dict[str, str]]] = {
            "secret_id": self._client_in_overlap,
            "client_id": self._client,
            "product_id": self._product,
            "user_id": self._user,
            "session_id": self._session,
            "token": self._invitation,
        }

    def of(self, names: dict[str, Any], *, fresh: bool) -> dict[str, str]:
        """Values for the path parameters `names`; with `fresh` nothing that an earlier request has met."""
        maker = next((name for name in self._makers if name in names), None)
        if maker is None:
            return {}
        if fresh or maker not in self._kept:
            self._kept[maker] = self._makers[maker]()
        return self._kept[maker]

    def _client(self) -> dict[str, str]:
        return {"client_id": self._world.new_client("products:read").client_id}

    def _client_in_overlap(self) -> dict[str, str]:
        made = self._world.new_client("products:read")
        rotate(self._world.api, made, self._world.owner.access, grace_period_seconds=3_600).expect(200)
        return {"client_id": made.client_id, "secret_id": made.secret_id}

    def _product(self) -> dict[str, str]:
        body = {"sku": f"FUZZ-{next(self._numbers)}", "content": {"name": "Fuzzed"}}
        made = self._world.api.post("/products", bearer=self._world.owner.access, json=body).expect(201)
        return {"product_id": made.data()["id"]}

    def _user(self) -> dict[str, str]:
        return {"user_id": self._world.person("VIEWER").user_id}

    def _session(self) -> dict[str, str]:
        opened = sign_in(self._world.api, self._world.account.owner)
        listed = self._world.api.get("/auth/sessions", bearer=opened.access).expect(200).data()
        return {"session_id": next(entry["id"] for entry in listed if entry["current"])}

    def _invitation(self) -> dict[str, str]:
        return {"token": invite(self._world.api, self._world.owner, "VIEWER")[1]}
