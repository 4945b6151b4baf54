"""Mutual TLS behind a proxy: certificates of clients, and tokens bound to them. Security rules 282 to 288."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from attacks.cases import case
from attacks.conftest import new_source
from conftest import ServerFactory, checked_for_leaks
from harness.answers import Answer
from harness.client import Client
from harness.client_certificates import HEADER, ClientCertificate
from harness.clients import OAuthClient, get_token, introspect, is_accepted, make_client, make_resource_server
from harness.dpop import DpopClient
from harness.rows import wait_for_count
from harness.rules import API
from harness.tls import self_signed
from harness.token_forge import decode_unverified
from harness.world import World, build_world

BY_SECRET = ["client_secret_basic", "client_secret_post"]
STRANGER = "127.0.0.2"
"""Connects from beside the trusted proxy."""
MUTUAL_TLS_URL = "https://mtls.example.test"


@pytest.fixture(scope="module")
def proxied(engine: str, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server that trusts one address as its proxy, and answers others over TLS of its own."""
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"))
    server = new_server(
        engine,
        LINKXG_TRUSTED_PROXIES="127.0.0.1/32",
        LINKXG_CLIENT_CERT_HEADER=HEADER,
        LINKXG_MUTUAL_TLS_URL=MUTUAL_TLS_URL,
        LINKXG_TLS_CERT=str(certificate),
        LINKXG_TLS_KEY=str(key),
    )
    server.url = f"https://127.0.0.1:{server.port}"
    server.environment["LINKXG_PUBLIC_URL"] = server.url
    yield from checked_for_leaks(build_world(server, new_source()))


@pytest.fixture
def stranger(proxied: World) -> Iterator[Client]:
    """Connects past the proxy."""
    client = Client(proxied.server.url, proxied.vault)
    client.close()
    transport = httpx.HTTPTransport(local_address=STRANGER, verify=False)
    client._http = httpx.Client(base_url=client.url, timeout=30.0, trust_env=False, transport=transport)
    with client:
        yield client


def add(world: World, oauth: OAuthClient, pem: str, **options: Any) -> Answer:
    path = f"/oauth/clients/{oauth.client_id}/certificates"
    return world.api.post(path, bearer=world.owner.access, json={"certificate": pem}, **options)


def change(world: World, oauth: OAuthClient, **values: Any) -> Answer:
    return world.api.patch(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access, json=values)


def by_certificate(client: Client, oauth: OAuthClient, headers: Any) -> Answer:
    """A token request without a secret."""
    form = {"grant_type": "client_credentials", "client_id": oauth.client_id}
    return client.post("/oauth/token", form=form, headers=headers, reveals=True)


@pytest.fixture
def certificate() -> ClientCertificate:
    return ClientCertificate()


@pytest.fixture
def oauth(proxied: World, certificate: ClientCertificate) -> OAuthClient:
    """A client that may authenticate by its certificate only."""
    made = make_client(proxied.api, proxied.owner)
    add(proxied, made, certificate.pem).expect(201)
    change(proxied, made, token_endpoint_auth_methods=["self_signed_tls_client_auth"]).expect(200)
    return made


def products(client: Client, token: str, headers: Any = ()) -> Answer:
    return client.get("/products", bearer=token, headers=headers)


def refused(answer: Answer) -> None:
    answer.expect(401, "invalid_token")
    assert (answer.header("www-authenticate") or "").startswith("Bearer "), answer


def test_rule_282_a_client_authenticates_by_its_certificate(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    for headers in (certificate.rfc_9440, certificate.escaped):
        body = by_certificate(proxied.api, oauth, headers).expect(200).object()
        assert body["token_type"] == "Bearer"
        token = body["access_token"]
        assert decode_unverified(token)[1]["cnf"] == {"x5t#S256": certificate.thumbprint}
        products(proxied.api, token, headers).expect(200)
    other = make_client(proxied.api, proxied.owner)
    seen = introspect(proxied.api, other, token).expect(200).object()
    assert (seen["token_type"], seen["cnf"]) == ("Bearer", {"x5t#S256": certificate.thumbprint})


def test_rule_282_other_certificates_authenticate_nobody(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    by_certificate(proxied.api, oauth, ClientCertificate().rfc_9440).expect(401, "invalid_client")
    by_certificate(proxied.api, oauth, ()).expect(400, "invalid_request")
    by_certificate(proxied.api, make_client(proxied.api, proxied.owner), certificate.rfc_9440).expect(
        401, "invalid_client"
    )
    unknown = OAuthClient("lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e", "", "", "")
    by_certificate(proxied.api, unknown, certificate.rfc_9440).expect(401, "invalid_client")


def test_rule_283_the_header_of_a_stranger_is_ignored(
    proxied: World, stranger: Client, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    by_certificate(stranger, oauth, certificate.rfc_9440).expect(400, "invalid_request")
    token = by_certificate(proxied.api, oauth, certificate.rfc_9440).object()["access_token"]
    refused(products(stranger, token, certificate.rfc_9440))
    vouched = [*certificate.rfc_9440, ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https")]
    refused(products(stranger, token, vouched))
    # Malformed ones are not even read.
    products(stranger, get_token(proxied.api, make_client(proxied.api, proxied.owner)), [(HEADER, "x")]).expect(200)


def test_rule_283_without_the_setting_no_header_is_read(world: World, certificate: ClientCertificate) -> None:
    by_certificate(world.api, world.oauth, certificate.rfc_9440).expect(400, "invalid_request")


@pytest.mark.parametrize(
    "value",
    [
        case(283, "text", "certificate"),
        case(283, "empty byte sequence", "::"),
        case(283, "not base64", ":!!!!:"),
        case(283, "not DER", f":{base64.b64encode(b'x' * 300).decode()}:"),
        case(283, "empty PEM", "-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----"),
        case(283, "unfinished PEM", "-----BEGIN%20CERTIFICATE-----%0AMIIB"),
        case(283, "huge", ":" + "A" * 20_000 + ":"),
        case(283, "parameters", ":AAAA:;a=b"),
    ],
)
def test_rule_283_malformed_certificates_are_refused(proxied: World, oauth: OAuthClient, value: str) -> None:
    by_certificate(proxied.api, oauth, [(HEADER, value)]).expect(400, "invalid_request")


def test_rule_283_two_certificates_are_refused(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    """Whoever sends a header of their own through a proxy that adds one must not be taken for the second."""
    other = ClientCertificate()
    for first, second in ((certificate, other), (other, certificate)):
        by_certificate(proxied.api, oauth, first.rfc_9440 + second.rfc_9440).expect(400, "invalid_request")
        joined = f"{first.rfc_9440[0][1]}, {second.rfc_9440[0][1]}"
        by_certificate(proxied.api, oauth, [(HEADER, joined)]).expect(400, "invalid_request")
        chain = [(HEADER, first.escaped[0][1] + second.escaped[0][1])]
        by_certificate(proxied.api, oauth, chain).expect(400, "invalid_request")


def test_rule_284_a_bound_token_needs_its_certificate(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    token = by_certificate(proxied.api, oauth, certificate.rfc_9440).object()["access_token"]
    refused(products(proxied.api, token))
    refused(products(proxied.api, token, ClientCertificate().rfc_9440))
    refused(proxied.api.get("/products/0190a5c4-0000-7000-8000-000000000000", bearer=token))
    products(proxied.api, token, certificate.escaped).expect(200)


def test_rule_284_a_token_can_be_bound_to_both(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    class Both(DpopClient):
        def _request_token(self, headers: list[tuple[str, str]], changed: dict[str, Any]) -> Answer:
            proof = self.key.proof("POST", f"{self.base}{API}/oauth/token", nonce=self.nonce)
            return self._keep_nonce(by_certificate(self.api, self.oauth, [("DPoP", proof), *headers]))

    client = Both(proxied.api, oauth, base=MUTUAL_TLS_URL)
    token = client.request_token(headers=certificate.rfc_9440).expect(200).object()["access_token"]
    assert decode_unverified(token)[1]["cnf"] == {"jkt": client.key.thumbprint, "x5t#S256": certificate.thumbprint}
    refused(client.call(token))
    proof = client.fields(token, "GET", "/products")
    proxied.api.get("/products", headers=proof + certificate.rfc_9440).expect(200)
    products(proxied.api, token, certificate.rfc_9440).expect(401, "invalid_token")


def test_rule_285_expired_certificates_are_refused(proxied: World) -> None:
    oauth = make_client(proxied.api, proxied.owner)
    expired, future = ClientCertificate(days=-1), ClientCertificate(days=9, starts_in_days=5)
    add(proxied, oauth, expired.pem).expect(400, "invalid_request")
    add(proxied, oauth, future.pem).expect(201)
    change(
        proxied,
        oauth,
        token_endpoint_auth_methods=[*BY_SECRET, "self_signed_tls_client_auth"],
    ).expect(200)
    for one in (expired, future):
        by_certificate(proxied.api, oauth, one.rfc_9440).expect(400, "invalid_request")


def test_rule_286_removing_a_certificate_revokes_its_tokens(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    successor = ClientCertificate("new.example.com")
    kept = add(proxied, oauth, successor.pem).expect(201).object()
    assert kept["thumbprint"] == successor.thumbprint
    add(proxied, oauth, ClientCertificate().pem).expect(409, "conflict")
    old = by_certificate(proxied.api, oauth, certificate.rfc_9440).object()["access_token"]
    new = by_certificate(proxied.api, oauth, successor.rfc_9440).object()["access_token"]
    path = f"/oauth/clients/{oauth.client_id}/certificates"
    listed = proxied.api.get(path, bearer=proxied.owner.access).expect(200).object()["certificates"]
    assert [one["thumbprint"] for one in listed] == [certificate.thumbprint, successor.thumbprint]
    assert [one["subject"] for one in listed] == ["CN=erp.example.com", "CN=new.example.com"]
    proxied.api.delete(f"{path}/{listed[0]['id']}", bearer=proxied.owner.access).expect(204)
    refused(products(proxied.api, old, certificate.rfc_9440))
    products(proxied.api, new, successor.rfc_9440).expect(200)
    by_certificate(proxied.api, oauth, certificate.rfc_9440).expect(401, "invalid_client")
    by_certificate(proxied.api, oauth, successor.rfc_9440).expect(200)
    proxied.api.delete(f"{path}/{listed[0]['id']}", bearer=proxied.owner.access).expect(404, "not_found")
    # The last one can be removed too, of a client that is disabled: its key may have been stolen.
    proxied.api.delete(f"{path}/{listed[1]['id']}", bearer=proxied.owner.access).expect(409, "conflict")
    change(proxied, oauth, disabled=True).expect(200)
    proxied.api.delete(f"{path}/{listed[1]['id']}", bearer=proxied.owner.access).expect(204)
    change(proxied, oauth, disabled=False).expect(200)
    refused(products(proxied.api, new, successor.rfc_9440))
    by_certificate(proxied.api, oauth, successor.rfc_9440).expect(401, "invalid_client")


def test_rule_287_a_client_uses_the_methods_of_its_list(
    proxied: World, oauth: OAuthClient, certificate: ClientCertificate
) -> None:
    form = oauth.form
    proxied.api.post("/oauth/token", form=form).expect(401, "invalid_client")
    proxied.api.post("/oauth/token", form=form, headers=certificate.rfc_9440).expect(401, "invalid_client")
    change(
        proxied,
        oauth,
        token_endpoint_auth_methods=[*BY_SECRET, "self_signed_tls_client_auth"],
    ).expect(200)
    get_token(proxied.api, oauth)
    token = by_certificate(proxied.api, oauth, certificate.rfc_9440).object()["access_token"]
    change(proxied, oauth, token_endpoint_auth_methods=BY_SECRET).expect(200)
    by_certificate(proxied.api, oauth, certificate.rfc_9440).expect(401, "invalid_client")
    refused(products(proxied.api, token, certificate.rfc_9440))
    for methods in ([], ["none"], ["client_secret"], ["private_key"], "client_secret"):
        change(proxied, oauth, token_endpoint_auth_methods=methods).expect(400, "invalid_request")


def test_rule_287_nobody_is_locked_out_by_a_method_without_credentials(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    change(world, oauth, token_endpoint_auth_methods=["self_signed_tls_client_auth"]).expect(400, "invalid_request")
    change(world, oauth, tls_client_certificate_bound_access_tokens=True).expect(400, "invalid_request")
    server = make_resource_server(world.api, world.owner, f"https://guarded.example/{oauth.client_id}")
    add(world, server, ClientCertificate().pem).expect(400, "invalid_request")
    # By which it reads what is revoked.
    change(world, server, token_endpoint_auth_methods=["client_secret_post"]).expect(400, "invalid_request")
    change(world, server, token_endpoint_auth_methods=["client_secret_basic", "private_key_jwt"]).expect(200)
    change(world, server, dpop_bound_access_tokens=True).expect(400, "invalid_request")


def test_rule_288_a_client_with_a_secret_can_require_its_certificate(proxied: World) -> None:
    oauth, certificate = make_client(proxied.api, proxied.owner), ClientCertificate()
    add(proxied, oauth, certificate.pem).expect(201)
    plain = get_token(proxied.api, oauth)
    change(proxied, oauth, tls_client_certificate_bound_access_tokens=True).expect(200)
    assert not is_accepted(proxied.api, plain)
    for headers in ((), ClientCertificate().rfc_9440):
        proxied.api.post("/oauth/token", form=oauth.form, headers=headers).expect(401, "invalid_client")
    answer = proxied.api.post("/oauth/token", form=oauth.form, headers=certificate.rfc_9440, reveals=True)
    token = answer.expect(200).object()["access_token"]
    refused(products(proxied.api, token))
    products(proxied.api, token, certificate.rfc_9440).expect(200)


@pytest.mark.parametrize(
    "pem",
    [
        case(282, "text", "certificate"),
        case(282, "key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        case(282, "not DER", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        case(282, "two", ClientCertificate().pem + ClientCertificate().pem),
        case(282, "text in front", "x" + ClientCertificate().pem),
        case(282, "not ASCII", ClientCertificate().pem + "\u00e9"),
    ],
)
def test_rule_282_only_one_certificate_is_registered(world: World, pem: str) -> None:
    add(world, world.oauth, pem).expect(400, "invalid_request")


def test_rule_282_registering_is_idempotent_and_audited(world: World) -> None:
    oauth, certificate = make_client(world.api, world.owner), ClientCertificate()
    key = {"Idempotency-Key": oauth.client_id}
    first = add(world, oauth, certificate.pem, headers=key).expect(201)
    again = add(world, oauth, certificate.pem, headers=key).expect(201)
    assert (again.object(), again.header("idempotent-replayed")) == (first.object(), "true")
    add(world, oauth, certificate.pem).expect(409, "conflict")
    path = f"/oauth/clients/{oauth.client_id}/certificates"
    world.api.delete(f"{path}/{first.object()['id']}", bearer=world.owner.access).expect(204)
    add(world, oauth, certificate.pem, headers=key).expect(409, "conflict")
    for action in ("client.certificate_added", "client.certificate_removed"):
        events = world.api.get(f"/account/audit-events?action={action}", bearer=world.owner.access).expect(200)
        assert oauth.client_id in {event["target"] for event in events.data()}


def test_rule_282_certificates_belong_to_one_account(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    made = add(world, oauth, ClientCertificate().pem).expect(201).object()
    path, other = f"/oauth/clients/{oauth.client_id}/certificates", world.other_owner.access
    world.api.get(path, bearer=other).expect(404, "not_found")
    world.api.post(path, bearer=other, json={"certificate": ClientCertificate().pem}).expect(404, "not_found")
    world.api.delete(f"{path}/{made['id']}", bearer=other).expect(404, "not_found")
    member = world.session().access
    world.api.get(path, bearer=member).expect(403, "access_denied")
    world.api.delete(f"{path}/{made['id']}", bearer=member).expect(403, "access_denied")


def test_rule_284_the_metadata_names_methods_and_aliases(proxied: World, world: World) -> None:
    found = proxied.api.get("//.well-known/oauth-authorization-server").expect(200).object()
    assert found["tls_client_certificate_bound_access_tokens"] is True
    assert found["mtls_endpoint_aliases"]["token_endpoint"] == f"{MUTUAL_TLS_URL}{API}/oauth/token"
    assert "self_signed_tls_client_auth" in found["token_endpoint_auth_methods_supported"]
    plain = world.api.get("//.well-known/oauth-authorization-server").expect(200).object()
    assert plain["tls_client_certificate_bound_access_tokens"] is False
    assert "mtls_endpoint_aliases" not in plain
    assert plain["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "RS256", "PS256"]


def test_rule_298_a_token_by_a_certificate_gets_no_secret(proxied: World, certificate: ClientCertificate) -> None:
    made = make_client(proxied.api, proxied.owner)
    add(proxied, made, certificate.pem).expect(201)
    change(proxied, made, token_endpoint_auth_methods=["client_secret_post", "self_signed_tls_client_auth"]).expect(200)
    token = by_certificate(proxied.api, made, certificate.rfc_9440).expect(200).object()["access_token"]
    products(proxied.api, token, certificate.rfc_9440).expect(200)
    path = f"/oauth/clients/{made.client_id}/rotate"
    proxied.api.post(path, bearer=token, headers=certificate.rfc_9440).expect(403, "access_denied")


def test_rule_299_a_certificate_has_a_name_and_shows_its_last_use_as_a_key_does(proxied: World) -> None:
    made, certificate, unnamed = make_client(proxied.api, proxied.owner), ClientCertificate(), ClientCertificate()
    path, by = f"/oauth/clients/{made.client_id}/certificates", proxied.owner.access
    body = {"certificate": certificate.pem, "name": "Deployment"}
    added = proxied.api.post(path, bearer=by, json=body).expect(201).object()
    assert (added["name"], added["last_used_at"], added["last_used_ip"]) == ("Deployment", None, None)
    assert added["created_by"] == proxied.account.owner.user_id
    assert add(proxied, made, unnamed.pem).expect(201).object()["name"] == "CN=erp.example.com"
    long = {"certificate": certificate.pem, "name": "n" * 201}
    proxied.api.post(path, bearer=by, json=long).expect(400, "invalid_request")
    change(proxied, made, token_endpoint_auth_methods=["self_signed_tls_client_auth"]).expect(200)
    by_certificate(proxied.api, made, certificate.rfc_9440).expect(200)
    sql = f"select count(*) from client_certificates where id = '{added['id']}' and last_used_at is not null"
    wait_for_count(proxied.server.database, sql, 1)
    used, other = proxied.api.get(path, bearer=by).expect(200).object()["certificates"]
    assert used["last_used_at"] is not None
    assert used["last_used_ip"]
    assert other["last_used_at"] is None
