"""Bodies as Entra ID and Okta send them."""

from __future__ import annotations

from typing import Any

import pytest

from scim.provider import ENTERPRISE, PATCH, USER, Provider


def test_entra_id_creates_and_updates(provider: Provider) -> None:
    address = provider.address()
    found = provider.get(f'/Users?filter=userName+eq+"{address}"').expect(200).object()
    assert (found["totalResults"], found["Resources"]) == (0, [])
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21b0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": address,
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": address}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Anna Berg", "familyName": "Berg", "givenName": "Anna"},
        "roles": [],
        ENTERPRISE: {"department": "Sales"},
    }
    made = provider.request("POST", "/Users", json=body).expect(201).object()
    changed = provider.patch(
        made["id"],
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updated@example.test"},
        {"op": "Replace", "path": "name.familyName", "value": "Updated"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Bees"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
        {"op": "Add", "path": 'emails[type eq "other"].value', "value": "other@example.test"},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "ADMIN"},
    ).expect(200).object()  # fmt: skip
    assert [one["value"] for one in changed["emails"]] == ["updated@example.test", "other@example.test"]
    assert changed["name"]["familyName"] == "Updated"
    assert changed["roles"] == [{"value": "ADMIN", "primary": True}]
    flat = {"op": "Add", "value": {"displayName": "AB", "name.givenName": "Ann", "active": "True"}}
    changed = provider.patch(made["id"], flat).expect(200).object()
    assert (changed["displayName"], changed["name"]["givenName"], changed["active"]) == ("AB", "Ann", True)
    left = provider.patch(made["id"], {"op": "Replace", "path": "active", "value": "False"}).expect(200).object()
    assert left["active"] is False
    provider.request("DELETE", f"/Users/{made['id']}").expect(204)


def test_okta_creates_replaces_and_deactivates(provider: Provider) -> None:
    address = provider.address()
    headers = [("Content-Type", "application/scim+json; charset=utf-8"), ("Accept", "application/scim+json")]
    page = provider.get(f"/Users?filter=userName%20eq%20%22{address}%22&startIndex=1&count=100", headers=headers)
    assert page.expect(200).object()["totalResults"] == 0
    body = {
        "schemas": [USER],
        "userName": address,
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": address, "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    made = provider.request("POST", "/Users", json=body, headers=headers).expect(201).object()
    read = provider.get(f"/Users/{made['id']}").expect(200).object()
    replaced = provider.put(made["id"], json={**read, "displayName": "Another"}, headers=headers).expect(200).object()
    assert replaced == {**read, "displayName": "Another", "meta": replaced["meta"]}
    assert provider.deactivate(made["id"]).expect(200).object()["active"] is False


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "copy", "path": "active", "value": True}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "active"}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": None}, "invalidValue"),
        ({"op": "remove", "path": "userName"}, "invalidValue"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "shoeSize", "value": 42}, "invalidPath"),
        ({"op": "replace", "path": "emails[type eq", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "home"].value', "value": "x@y.test"}, "noTarget"),
        ({"op": "add", "path": 'emails[value co "x"].value', "value": "x@y.test"}, "invalidPath"),
        ({"op": "add", "path": "roles", "value": "KING"}, "invalidValue"),
        ({"op": "replace", "value": "active"}, "invalidValue"),
    ],
)
def test_a_wrong_operation_changes_nothing(provider: Provider, operation: dict[str, Any], error: str) -> None:
    made = provider.create(emails=[{"value": "a@b.test", "type": "work"}])
    first = {"op": "replace", "path": "displayName", "value": "Never"}
    provider.patch(made["id"], first, operation).expect(400, error)
    assert provider.get(f"/Users/{made['id']}").expect(200).object() == made
    body = {"schemas": [PATCH], "Operations": [first] * 51}
    provider.request("PATCH", f"/Users/{made['id']}", json=body).expect(400, "invalidSyntax")


def test_emails_and_roles_are_added_and_removed(provider: Provider) -> None:
    made = provider.create(emails=[{"value": "a@b.test", "type": "work", "primary": True}], roles=["VIEWER"])
    more = {"op": "add", "path": "emails", "value": [{"value": "c@d.test", "type": "home", "primary": True}]}
    changed = provider.patch(made["id"], more, more).expect(200).object()
    assert [(one["value"], one["primary"]) for one in changed["emails"]] == [("a@b.test", False), ("c@d.test", True)]
    gone = {"op": "remove", "path": 'emails[type eq "work"]'}
    assert len(provider.patch(made["id"], gone).expect(200).object()["emails"]) == 1
    # Without the role nobody gets more than they had.
    no_role = {"op": "remove", "path": 'roles[value eq "VIEWER"]'}
    assert provider.patch(made["id"], no_role).expect(200).object()["roles"][0]["value"] == "VIEWER"
    provider.patch(made["id"], {"op": "replace", "path": "roles", "value": ["ADMIN", "MEMBER"]}).expect(200)
    assert provider.patch(made["id"], {"op": "remove", "path": "roles"}).object()["roles"][0]["value"] == "MEMBER"
