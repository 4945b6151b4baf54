"""What a JWKS URI or an issuer publishes is read when it is registered. Security rules 270 and 272."""

from __future__ import annotations

from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from attacks.cases import case
from harness.client_assertions import (
    KeyClient,
    add_key,
    add_trust,
    issuer_of,
    new_key,
    public,
    set_methods,
)
from harness.clients import make_client
from harness.openid_provider import METADATA, OpenIdProvider, send
from harness.workloads import Workload
from harness.world import World

KEY = new_key("ES256", "first")
SET = {"keys": [public(KEY)]}
CLAIMS = {"sub": "repo:acme/erp:ref:refs/heads/main"}
MARK = "what-the-address-said"


def html(handler: BaseHTTPRequestHandler) -> None:
    body = f"<html>{MARK}</html>".encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


WRONG: dict[str, tuple[Any, str]] = {
    "an HTML page": (html, "It answered 200 with an HTML page"),
    "not found": (partial(send, status=404, value={"error": MARK}), "It answered 404"),
    "no key set": (partial(send, status=200, value={"error": MARK}), "has no keys"),
    "an empty set": (partial(send, status=200, value={"keys": []}), "no usable key"),
    "a set for encryption": (partial(send, status=200, value={"keys": [public(KEY, use="enc")]}), "no usable key"),
}


@pytest.mark.parametrize("name", [case(270, name, name) for name in WRONG])
def test_an_address_without_keys_is_refused_with_what_was_read(fetching: World, ci: OpenIdProvider, name: str) -> None:
    serve, said = WRONG[name]
    ci.instead["/wrong"] = serve
    client_id = make_client(fetching.api, fetching.owner).client_id
    answer = add_key(fetching.api, fetching.owner, client_id, jwks_uri=f"{ci.issuer}/wrong")
    text = answer.expect(400, "invalid_request").object()["error_description"]
    assert text.startswith("The field jwks_uri ")
    assert said in text
    assert MARK not in text
    shown = fetching.api.get(f"/oauth/clients/{client_id}", bearer=fetching.owner.access).object()
    assert "private_key_jwt" not in shown["token_endpoint_auth_methods"]
    # Mended, it is registered at once.
    ci.instead["/wrong"] = partial(send, status=200, value=SET)
    added = add_key(fetching.api, fetching.owner, client_id, jwks_uri=f"{ci.issuer}/wrong").expect(201).object()
    assert added["keys_read_at"]
    assert added["keys_error"] is None


def test_rule_270_an_address_out_of_reach_is_registered_and_counts_once_it_was_read(
    fetching: World, ci: OpenIdProvider
) -> None:
    ci.instead["/later"] = partial(send, status=503, value={})
    oauth = make_client(fetching.api, fetching.owner)
    uri = f"{ci.issuer}/later"
    added = add_key(fetching.api, fetching.owner, oauth.client_id, jwks_uri=uri).expect(201).object()
    assert added["keys_read_at"] is None
    assert "It answered 503" in added["keys_error"]
    refused = set_methods(fetching.api, fetching.owner, oauth.client_id, ["private_key_jwt"])
    assert "were never read" in refused.expect(400, "invalid_request").object()["error_description"]
    ci.instead["/later"] = partial(send, status=200, value=SET)
    KeyClient(fetching.api, oauth, issuer_of(fetching.api), KEY).token()
    path = f"/oauth/clients/{oauth.client_id}/keys"
    (listed,) = fetching.api.get(path, bearer=fetching.owner.access).object()["keys"]
    assert listed["keys_read_at"]
    assert listed["keys_error"] is None
    set_methods(fetching.api, fetching.owner, oauth.client_id, ["private_key_jwt"]).expect(200)


def test_rule_270_a_repeated_request_is_answered_from_its_record(fetching: World, ci: OpenIdProvider) -> None:
    ci.instead["/once"] = partial(send, status=200, value=SET)
    client_id = make_client(fetching.api, fetching.owner).client_id
    body = {"name": "x", "jwks_uri": f"{ci.issuer}/once"}

    def post() -> Any:
        path, key = f"/oauth/clients/{client_id}/keys", [("Idempotency-Key", "published")]
        return fetching.api.post(path, bearer=fetching.owner.access, json=body, headers=key).expect(201).object()

    first = post()
    ci.instead["/once"] = html
    assert post() == first


ISSUERS: dict[str, tuple[Any, str]] = {
    "no metadata": (partial(send, status=404, value={}), "It answered 404 when asked for its metadata."),
    "an HTML page": (html, "It answered 200 with an HTML page"),
    "another issuer": (lambda handler: send(handler, 200, {"issuer": "https://o.example"}), "names another issuer"),
    "no keys": ({"jwks_uri": None}, "has no jwks_uri"),
    "empty keys": ({"jwks_uri": "/empty"}, "no usable key"),
    "a slash at the end": ({"slash": True}, "names the issuer with a slash at the end."),
}


@pytest.mark.parametrize("name", [case(272, name, name) for name in ISSUERS])
def test_an_issuer_that_cannot_be_read_is_refused(fetching: World, ci: OpenIdProvider, name: str) -> None:
    serve, said = ISSUERS[name]
    issuer = f"{ci.issuer}/odd"
    if isinstance(serve, dict):
        document = {"issuer": f"{issuer}/" if serve.get("slash") else issuer, "jwks_uri": f"{ci.issuer}/jwks"}
        if "jwks_uri" in serve:
            document["jwks_uri"] = serve["jwks_uri"] and ci.issuer + serve["jwks_uri"]
        serve = partial(send, status=200, value=document)
    ci.instead[f"/odd{METADATA}"] = serve
    ci.instead["/empty"] = partial(send, status=200, value={"keys": []})
    client_id = make_client(fetching.api, fetching.owner).client_id
    trust = {"issuer": issuer, "audience": "https://api.linkxg.com", "claims": CLAIMS}
    answer = add_trust(fetching.api, fetching.owner, client_id, **trust)
    text = answer.expect(400, "invalid_request").object()["error_description"]
    assert text.startswith("The field issuer ")
    assert said in text
    assert MARK not in text


def test_rule_272_an_issuer_that_was_read_shows_it(fetching: World, ci: OpenIdProvider) -> None:
    job = Workload(fetching, ci)
    path = f"/oauth/clients/{job.client_id}/trusts"
    (listed,) = fetching.api.get(path, bearer=fetching.owner.access).object()["trusts"]
    assert listed["keys_read_at"]
    assert listed["keys_error"] is None


def test_rule_272_an_issuer_out_of_reach_is_registered_and_does_not_lock_out(
    fetching: World, ci: OpenIdProvider
) -> None:
    ci.instead[METADATA] = partial(send, status=503, value={})
    job = Workload(fetching, ci)
    methods = ["workload_identity"]
    set_methods(fetching.api, fetching.owner, job.client_id, methods).expect(400, "invalid_request")
    document = {"issuer": ci.issuer, "jwks_uri": f"{ci.issuer}/jwks"}
    ci.instead[METADATA] = partial(send, status=200, value=document)
    job.request().expect(200)
    set_methods(fetching.api, fetching.owner, job.client_id, methods).expect(200)


def test_rule_272_issuers_at_private_addresses_are_refused(world: World) -> None:
    trust = {"issuer": "https://10.0.0.1", "audience": "https://api.linkxg.com", "claims": CLAIMS}
    refused = add_trust(world.api, world.owner, world.oauth.client_id, **trust).expect(400, "invalid_request")
    assert "private or reserved address" in refused.object()["error_description"]
