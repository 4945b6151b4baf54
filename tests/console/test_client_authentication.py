"""The page of how a client authenticates: methods, keys and trusted workloads."""

from __future__ import annotations

import json
import re
import time

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.client_assertions import KeyClient, issuer_of, new_key, public, segment, set_methods
from harness.clients import OAuthClient, make_client
from harness.world import World

GITHUB = "https://token.actions.githubusercontent.com"
TRUST = {
    "trust_name": "Release workflow",
    "issuer": GITHUB,
    "audience": "https://api.linkxg.com",
    "claims": "repository=acme/erp\nref = refs/heads/main\n",
}


@pytest.fixture
def owner(world: World, new_visitor: NewVisitor) -> Visitor:
    return new_visitor(world.person("OWNER"))


@pytest.fixture
def oauth(world: World) -> OAuthClient:
    return make_client(world.api, world.owner)


def page_of(oauth: OAuthClient) -> str:
    return f"/account/api-access/{oauth.client_id}/authentication"


def action(oauth: OAuthClient, name: str) -> str:
    return f"/account/api-access/{oauth.client_id}/{name}"


def test_a_pasted_key_authenticates_until_it_is_removed(world: World, owner: Visitor, oauth: OAuthClient) -> None:
    page = page_of(oauth)
    key = new_key()
    pem = key.as_pem(private=False).decode()
    answer = owner.fill(owner.get(page), action(oauth, "keys"), key_name="Deployment", public_key=pem)
    assert answer.status_code == 303, text_of(answer)
    shown = owner.get(answer.headers["location"])
    assert "The key is added" in text_of(shown)
    assert key.thumbprint() in shown.text
    assert 'value="private_key_jwt" checked' in shown.text
    machine = KeyClient(world.api, oauth, issuer_of(world.api), key)
    token = str(machine.request(machine.assertion({"kid": None})).expect(200).object()["access_token"])
    shown = owner.get(page)
    remove = re.findall(rf'action="({action(oauth, "keys")}/[^"]+/remove)"', shown.text)[0]
    asked = owner.fill(shown, remove)
    assert "Remove this key?" in text_of(asked)
    done = owner.fill(asked, remove, sure="yes")
    assert done.status_code == 303
    world.api.get("/products", bearer=token).expect(401, "invalid_token")


def test_a_private_key_is_refused_and_not_shown_again(world: World, owner: Visitor, oauth: OAuthClient) -> None:
    pem = new_key().as_pem(private=True).decode()
    line = world.vault.remember("private key", pem.splitlines()[1])
    answer = owner.fill(owner.get(page_of(oauth)), action(oauth, "keys"), key_name="Kept name", public_key=pem)
    assert answer.status_code == 422
    assert "holds a private key" in text_of(answer)
    assert line not in answer.text
    assert 'value="Kept name"' in answer.text


@pytest.mark.parametrize("field", ["public_key", "certificate"])
@pytest.mark.parametrize("form", ["set", "list", "truncated", "pem"])
def test_no_private_key_is_shown_again_in_whatever_document(
    world: World, owner: Visitor, oauth: OAuthClient, field: str, form: str
) -> None:
    key = new_key()
    private = key.as_dict(private=True)
    secret = world.vault.remember("private key", str(private["d"]))
    pem = key.as_pem(private=True).decode()
    texts = {"set": json.dumps({"keys": [private]}), "list": json.dumps([private]), "pem": pem,
             "truncated": json.dumps(private)[:-1]}  # fmt: skip
    line = world.vault.remember("line of a private key", pem.splitlines()[1])
    place = action(oauth, "keys" if field == "public_key" else "certificates")
    answer = owner.fill(owner.get(page_of(oauth)), place, **{"key_name": "Mine", field: texts[form]})
    assert answer.status_code == 422
    assert secret not in answer.text
    assert line not in answer.text


def test_a_form_with_errors_keeps_what_was_typed(owner: Visitor, oauth: OAuthClient) -> None:
    lax = TRUST | {"claims": "ref=refs/heads/main"}
    answer = owner.fill(owner.get(page_of(oauth)), action(oauth, "trusts"), **lax)
    assert answer.status_code == 422
    assert "names the workload" in text_of(answer)
    for typed in ("Release workflow", GITHUB, "ref=refs/heads/main"):
        assert typed in answer.text
    for wrong in ({"claims": "sub"}, {"claims": "sub=a\nsub=b"}, {"issuer": "acme"}, {"trust_name": " "}):
        assert owner.fill(owner.get(page_of(oauth)), action(oauth, "trusts"), **(TRUST | wrong)).status_code == 422
    both = {"key_name": "x", "public_key": "y", "jwks_uri": "https://keys.example/jwks"}
    assert owner.fill(owner.get(page_of(oauth)), action(oauth, "keys"), **both).status_code == 422


def test_a_workload_is_trusted_and_removed(world: World, owner: Visitor, oauth: OAuthClient) -> None:
    answer = owner.fill(owner.get(page_of(oauth)), action(oauth, "trusts"), **TRUST)
    assert answer.status_code == 303, text_of(answer)
    shown = owner.get(answer.headers["location"])
    assert "repository=acme/erp" in shown.text
    path = f"/oauth/clients/{oauth.client_id}/trusts"
    (trust,) = world.api.get(path, bearer=world.owner.access).expect(200).object()["trusts"]
    assert trust["claims"] == {"ref": "refs/heads/main", "repository": "acme/erp"}
    remove = f"{action(oauth, 'trusts')}/{trust['id']}/remove"
    assert owner.fill(owner.fill(shown, remove), remove, sure="yes").status_code == 303
    assert world.api.get(path, bearer=world.owner.access).expect(200).object()["trusts"] == []
    assert owner.post(remove, [("csrf", v) for k, v in owner.fields(shown, remove) if k == "csrf"]).status_code == 404


def test_methods_are_saved_unless_somebody_else_changed_them(world: World, owner: Visitor, oauth: OAuthClient) -> None:
    page = page_of(oauth)
    form = owner.get(page)
    assert owner.fill(form, page, method=[]).status_code == 422
    set_methods(world.api, world.owner, oauth.client_id, ["client_secret_post"]).expect(200)
    late = owner.fill(form, page, method=["client_secret_basic"])
    assert late.status_code == 409
    assert "Somebody else has changed the methods" in text_of(late)
    done = owner.fill(late, page, method=["client_secret_basic"])
    assert done.status_code == 303, text_of(done)
    assert "live tokens are revoked" in text_of(owner.get(done.headers["location"]))
    view = world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200).object()
    assert view["token_endpoint_auth_methods"] == ["client_secret_basic"]


def test_times_and_issuers_of_refused_assertions_are_explained(
    world: World, owner: Visitor, oauth: OAuthClient
) -> None:
    key, now = new_key(), int(time.time())
    path = f"/oauth/clients/{oauth.client_id}/keys"
    world.api.post(path, bearer=world.owner.access, json={"name": "x", "jwk": public(key)}).expect(201)
    machine = KeyClient(world.api, oauth, issuer_of(world.api), key)
    symmetric = ".".join((segment({"alg": "HS256"}), segment(machine.claims()), "AAAA"))
    for assertion in (
        machine.assertion(iat=now - 700, exp=now - 600),
        machine.assertion(iat=now + 600),
        machine.assertion(exp=now + 3_600),
        machine.assertion(iss="https://erp.example"),
        symmetric,
    ):
        machine.request(assertion).expect(401, "invalid_client")
    said = ("had expired 10 minutes before", "is 10 minutes ahead", "its exp is 60 minutes ahead",
            "Set iss and sub to the client id", "never HS256")  # fmt: skip
    shown = ""
    for _ in range(60):
        shown = text_of(owner.get(f"/account/api-access/{oauth.client_id}"))
        if all(one in shown for one in said):
            assert "Allow the method" not in shown
            return
        time.sleep(0.1)
    raise AssertionError(shown)


def test_the_cause_of_a_refused_assertion_is_shown(world: World, owner: Visitor, oauth: OAuthClient) -> None:
    key = new_key()
    path = f"/oauth/clients/{oauth.client_id}/keys"
    world.api.post(path, bearer=world.owner.access, json={"name": "x", "jwk": public(key)}).expect(201)
    machine = KeyClient(world.api, oauth, issuer_of(world.api), key)
    used = machine.assertion()
    machine.request(used).expect(200)
    machine.request(used).expect(401, "invalid_client")
    machine.request(machine.assertion(aud="https://other.example")).expect(401, "invalid_client")
    shown = ""
    for _ in range(60):
        shown = text_of(owner.get(f"/account/api-access/{oauth.client_id}"))
        if "was used before" in shown and "for another audience" in shown:
            return
        time.sleep(0.1)
    raise AssertionError(shown)


def test_a_key_set_that_was_not_read_yet_says_so(owner: Visitor, oauth: OAuthClient) -> None:
    form = owner.get(page_of(oauth))
    answer = owner.fill(
        form, action(oauth, "keys"), key_name="Later", jwks_uri="https://keys.invalid/jwks", public_key=""
    )
    assert answer.status_code == 303, text_of(answer)
    shown = text_of(owner.get(answer.headers["location"]))
    assert "was not read yet" in shown
    assert "Its keys were not read yet: " in shown
    assert "The client can authenticate by it." not in shown


def test_a_form_that_is_not_offered_says_why(world: World, owner: Visitor, oauth: OAuthClient) -> None:
    path = f"/oauth/clients/{oauth.client_id}/keys"
    for said in ("To enter a JWKS URI, remove the key first.", "A client has at most two keys."):
        body = {"name": "x", "jwk": public(new_key())}
        world.api.post(path, bearer=world.owner.access, json=body).expect(201)
        assert said in text_of(owner.get(page_of(oauth)))
    other = make_client(world.api, world.owner)
    body = {"name": "x", "jwks_uri": "https://keys.invalid/jwks"}
    path = f"/oauth/clients/{other.client_id}/keys"
    world.api.post(path, bearer=world.owner.access, json=body).expect(201)
    assert "To add a key, remove the JWKS URI first." in text_of(owner.get(page_of(other)))


def test_an_issuer_at_a_private_address_is_refused_at_its_field(owner: Visitor, oauth: OAuthClient) -> None:
    wrong = TRUST | {"issuer": "https://10.0.0.1"}
    answer = owner.fill(owner.get(page_of(oauth)), action(oauth, "trusts"), **wrong)
    assert answer.status_code == 422
    assert "The field “Issuer” must be an issuer whose metadata and keys can be read." in text_of(answer)
    assert "Release workflow" in answer.text
