"""Ids of things that exist, for fuzzed paths, so that not every request ends at 404."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from harness.clients import rotate
from harness.people import invite, sign_in
from harness.world import World
from products.catalogue import complete
from scim.provider import new_provider


class KnownIds:
    """Makes things of the first account on demand; what a request removed is made anew."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._kept: dict[str, dict[str, Any]] = {}
        self._makers: dict[str, Callable[[], dict[str, Any]]] = {
            "secret_id": self._client_in_overlap,
            "client_id": self._client,
            "product_id": self._product,
            "sku": self._product,
            "gtin": self._product,
            "user_id": self._user,
            "session_id": self._session,
            "token_id": self._scim_token,
            "token": self._invitation,
            "import_id": self._upload,
        }

    def of(self, names: dict[str, Any], *, fresh: bool) -> dict[str, Any]:
        """Values for the path parameters `names`; with `fresh` nothing that an earlier request has met."""
        maker = next((name for name in self._makers if name in names), None)
        if maker is None:
            return {}
        if fresh or maker not in self._kept:
            self._kept[maker] = self._makers[maker]()
        return {name: value for name, value in self._kept[maker].items() if name in names}

    def _scim_token(self) -> dict[str, str]:
        return {"token_id": new_provider(self._world, verifies=False).token_id}

    def _client(self) -> dict[str, str]:
        return {"client_id": self._world.new_client("products:read").client_id}

    def _client_in_overlap(self) -> dict[str, str]:
        made = self._world.new_client("products:read")
        rotate(self._world.api, made, self._world.owner.access, grace_period_seconds=3_600).expect(200)
        return {"client_id": made.client_id, "secret_id": made.secret_id}

    def _product(self) -> dict[str, Any]:
        """Its first version is published, its second is a draft."""
        owner, api = self._world.owner.access, self._world.api
        content = complete(name="Fuzzed")
        gtin = content.pop("gtin")
        given = {"sku": f"FUZZ-{next(self._numbers)}", "gtin": gtin, "content": content}
        made = api.post("/products", bearer=owner, json=given).expect(201).data()
        api.post(f"/products/{made['id']}/publish", bearer=owner).expect(200)
        api.patch(f"/products/{made['id']}", bearer=owner, json={"content": {"brand": "B"}}).expect(200)
        return {"product_id": made["id"], "version": 1, "older": 1, "newer": 2, "sku": made["sku"], "gtin": gtin}

    def _user(self) -> dict[str, str]:
        return {"user_id": self._world.person("VIEWER").user_id}

    def _session(self) -> dict[str, str]:
        opened = sign_in(self._world.api, self._world.account.owner)
        listed = self._world.api.get("/auth/sessions", bearer=opened.access).expect(200).data()
        return {"session_id": next(entry["id"] for entry in listed if entry["current"])}

    def _invitation(self) -> dict[str, str]:
        return {"token": invite(self._world.api, self._world.owner, "VIEWER")[1]}

    def _upload(self) -> dict[str, str]:
        """Of the two imports that an account has at a time, no older one is left under way."""
        owner, api = self._world.owner.access, self._world.api
        for job in api.get("/imports?limit=200", bearer=owner).expect(200).json()["data"]:
            if job["status"] in ("UPLOADING", "QUEUED", "RUNNING"):
                api.post(f"/imports/{job['id']}/cancel", bearer=owner)
                api.get(f"/imports/{job['id']}?wait=20", bearer=owner).expect(200)
        answer = api.post("/imports", bearer=owner, headers={"Upload-Length": "1000"})
        return {"import_id": answer.expect(202).data()["id"]}
