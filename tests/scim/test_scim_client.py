"""A SCIM client of others and its compliance checks pass against the server (scim2-client, scim2-tester)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server, filling

from harness.world import World
from network.partners import new_account
from scim.provider import new_provider

# By intent, everybody has one role, shown as the primary one; and removing `active` must not let anybody in.
FORMS = {"preferredLanguage": "pt-BR", "timezone": "Europe/Berlin"}
INTENDED = ("active", "roles")


class SCIMClient(BaseSyncSCIMClient):
    """The client over httpx."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self._http = http

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self._http.build_request("GET", endpoint).url).startswith(str(self._http.base_url))

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self._http.request(method, url, **options)


def test_compliance_checks_of_others_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = filling.generate_random_value

    def generate_valid_value(context: Any, path: Any, *args: Any, **options: Any) -> Any:
        """The checks know no attribute whose value has a form of its own."""
        value = generate(context, path, *args, **options)
        valid = FORMS | {"userName": provider.address()}
        name = str(path).rpartition(":")[2]
        return valid[name] if value is not None and name in valid else value

    for module in ("filling", "checkers.patch_add", "checkers.patch_replace"):
        monkeypatch.setattr(f"scim2_tester.{module}.generate_random_value", generate_valid_value)
    # An account of its own: the checks look for a new person on the first page of all.
    provider = new_provider(world, new_account(world))
    headers = {"Authorization": f"Bearer {provider.token}"}
    with httpx.Client(base_url=f"{world.api.url}/scim/v2", headers=headers, trust_env=False) as http:
        client = SCIMClient(http)
        client.discover()
        results = check_server(client)
    wrong = [
        f"{one.title}: {one.reason}"
        for one in results
        if one.status not in (Status.SUCCESS, Status.SKIPPED, Status.COMPLIANT)
        if not (isinstance(one.data, dict) and one.data.get("urn") in INTENDED)
    ]
    assert wrong == []
    assert sum(one.status is Status.SUCCESS for one in results) > 20
