"""What the tokens of a client are bound to, and its certificates, on its page *Authentication*. Security rule 289."""

from __future__ import annotations

from console.browser import Visitor, text_of
from harness.client_certificates import ClientCertificate
from harness.clients import OAuthClient, make_client, make_resource_server
from harness.world import World


def page_of(oauth: OAuthClient) -> str:
    return f"/account/api-access/{oauth.client_id}/authentication"


def adding(oauth: OAuthClient) -> str:
    return f"/account/api-access/{oauth.client_id}/certificates"


def test_rule_289_a_certificate_is_registered_and_removed(world: World, owner: Visitor) -> None:
    oauth, certificate = make_client(world.api, world.owner), ClientCertificate("console.example.com")
    form = owner.get(page_of(oauth))
    long = owner.fill(form, adding(oauth), certificate=certificate.pem, certificate_name="n" * 201)
    assert long.status_code == 422
    assert "at most 200 characters" in text_of(long)
    added = owner.fill(form, adding(oauth), certificate=certificate.pem)
    assert added.status_code == 303, text_of(added)
    shown = owner.get(added.headers["location"])
    assert "The certificate CN=console.example.com is registered." in text_of(shown)
    assert certificate.thumbprint in text_of(shown)
    again = owner.fill(form, adding(oauth), certificate=certificate.pem)
    assert again.status_code == 303, "a form that is sent twice acts once"
    path = f"/oauth/clients/{oauth.client_id}/certificates"
    (listed,) = world.api.get(path, bearer=world.owner.access).expect(200).object()["certificates"]
    asked = owner.fill(shown, f"{adding(oauth)}/{listed['id']}/remove")
    assert "The live tokens that are bound to it are revoked." in text_of(asked)
    assert owner.fill(asked, sure="yes").status_code == 303
    assert world.api.get(path, bearer=world.owner.access).expect(200).object()["certificates"] == []
    gone = owner.post(f"{adding(oauth)}/{listed['id']}/remove", [("csrf", owner.csrf()), ("sure", "yes")])
    assert gone.status_code == 404


def test_rule_289_what_is_wrong_is_said_and_nothing_typed_is_lost(world: World, owner: Visitor) -> None:
    oauth, certificate = make_client(world.api, world.owner), ClientCertificate()
    form = owner.get(page_of(oauth))
    for pem, said in (
        ("", "Paste the certificate."),
        ("my certificate", "must be one X.509 certificate in PEM."),
        (ClientCertificate(days=-1).pem, "The certificate has expired."),
    ):
        answer = owner.fill(form, adding(oauth), certificate=pem)
        assert answer.status_code == 422
        assert said in text_of(answer)
        assert dict(owner.fields(answer, adding(oauth)))["certificate"].strip() == pem.strip()
    for number in range(2):
        assert owner.fill(owner.get(page_of(oauth)), adding(oauth), certificate=ClientCertificate().pem), number
    third = owner.fill(form, adding(oauth), certificate=certificate.pem, key="another-key")
    assert third.status_code == 409
    assert "at most 2 certificates" in text_of(third)
    assert certificate.pem.strip() in dict(owner.fields(third, adding(oauth)))["certificate"]


def test_rule_289_bindings_are_saved(world: World, owner: Visitor) -> None:
    oauth = make_client(world.api, world.owner)
    path, api = page_of(oauth), f"/oauth/clients/{oauth.client_id}"
    binding = f"/account/api-access/{oauth.client_id}/binding"
    saved = owner.fill(owner.get(path), binding, dpop="yes")
    assert "Saved. Tokens bound to a key changed." in text_of(owner.get(saved.headers["location"]))
    assert world.api.get(api, bearer=world.owner.access).object()["dpop_bound_access_tokens"] is True
    # Without a certificate the client would be locked out.
    refused = owner.fill(owner.get(path), binding, bound="yes", dpop=[])
    assert refused.status_code == 422
    assert "Register a certificate first" in text_of(refused)
    kept = dict(owner.fields(refused, binding))
    assert (kept.get("bound"), kept.get("dpop")) == ("yes", None)
    refused = owner.fill(owner.get(path), path, method=["self_signed_tls_client_auth"])
    assert "Register a certificate first" in text_of(refused)
    owner.fill(owner.get(path), adding(oauth), certificate=ClientCertificate().pem)
    assert owner.fill(owner.get(path), path, method=["self_signed_tls_client_auth"]).status_code == 303
    assert owner.fill(owner.get(path), binding, bound="yes", dpop=[]).status_code == 303
    found = world.api.get(api, bearer=world.owner.access).object()
    assert found["token_endpoint_auth_methods"] == ["self_signed_tls_client_auth"]
    assert found["tls_client_certificate_bound_access_tokens"] is True
    assert found["dpop_bound_access_tokens"] is False
    unchanged = owner.fill(owner.get(path), binding, bound="yes")
    assert "Nothing changed." in text_of(owner.get(unchanged.headers["location"]))


def test_rule_289_resource_servers_have_no_certificates(world: World, owner: Visitor) -> None:
    server = make_resource_server(world.api, world.owner, "https://console.example/authentication")
    shown = owner.get(page_of(server))
    assert "Save methods" in shown.text
    assert "Register certificate" not in shown.text
    assert "Save binding" not in shown.text
