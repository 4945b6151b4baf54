"""A valid request for every route of the API that writes on behalf of a caller."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from architecture.program import Route, routes
from epcis.documents import CONTEXT, document, object_event
from harness.client_assertions import new_key, public
from harness.client_certificates import ClientCertificate
from harness.factors import Authenticator
from harness.held_request import HttpRequest
from harness.passkeys import new_authenticator
from harness.people import Person
from harness.world import World
from network.partners import declare_gln
from products.catalogue import body, new_gtin
from races.things import CSV, GRANT, SESSION_ID, SUBSCRIPTION, UPLOADED, Things, insert_passkey

API = "/api/v1"
TRUST = {"name": "CI", "issuer": "https://ci.example.test", "audience": "us"}
JSON = ("Content-Type", "application/json")


def _json(path: str, value: Any) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    return path, (JSON,), json.dumps(value).encode()


def _empty(path: str) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    return path, (), b""


Made = tuple[str, tuple[tuple[str, str], ...], bytes]
EMAIL, REMINDER = "POST /auth/email", "POST /traceability/recalls/{recall_id}/remind"
NEEDS_MAIL = {EMAIL, REMINDER}
REQUESTS: dict[str, Callable[[World, Things], Made]] = {
    "PATCH /account": lambda w, t: _json("/account", {"gln": new_gtin()}),
    "POST /connections": lambda w, t: _json(
        "/connections", {"inviteeEmail": f"{uuid4()}@example.test", "relationship": "SUPPLIER"}
    ),
    "POST /connections/{connection_id}/accept": lambda w, t: _json(f"/connections/{t.acceptable}/accept", {}),
    "POST /connections/{connection_id}/decline": lambda w, t: _json(f"/connections/{t.declinable}/decline", {}),
    "POST /connections/{connection_id}/confirm-gln": lambda w, t: _json(
        f"/connections/{t.connection}/confirm-gln", {"gln": declare_gln(w, w.other_owner)}
    ),
    "POST /connections/{connection_id}/revoke": lambda w, t: _json(f"/connections/{t.invited}/revoke", {}),
    "POST /connections/{connection_id}/requests": lambda w, t: _json(
        f"/connections/{t.connection}/requests", {"type": "PRODUCT", "gtin": new_gtin(), "purpose": "For our label."}
    ),
    "POST /requests/{request_id}/approve": lambda w, t: _json(
        f"/requests/{t.approvable}/approve", {"expiresAt": "2099-01-01T00:00:00Z", "productId": t.published}
    ),
    "POST /requests/{request_id}/decline": lambda w, t: _json(f"/requests/{t.declinable_request}/decline", {}),
    "POST /requests/{request_id}/cancel": lambda w, t: _empty(f"/requests/{t.cancellable}/cancel"),
    "POST /account/passport-keys/rotate": lambda w, t: _empty("/account/passport-keys/rotate"),
    "POST /products/{product_id}/passports": lambda w, t: _json(
        f"/products/{t.of_units}/passports", {"passports": [{"lot": "L-1"}]}
    ),
    "POST /dpp/{passport_id}/withdraw": lambda w, t: _json(f"/dpp/{t.units[0]}/withdraw", {"reason": "Not used."}),
    "POST /dpp/{passport_id}/life-status": lambda w, t: _json(
        f"/dpp/{t.units[1]}/life-status", {"lifeStatus": "waste"}
    ),
    "POST /dpp/labels": lambda w, t: _json("/dpp/labels", {"productId": t.of_units, "labels": [{}]}),
    "POST /dpp/validate": lambda w, t: _json("/dpp/validate", {}),
    "POST /dpp/{passport_id}/grants": lambda w, t: _json(f"/dpp/{t.units[0]}/grants", GRANT),
    "POST /dpp/access-requests/{request_id}/approve": lambda w, t: _json(
        f"/dpp/access-requests/{t.access_requests[0]}/approve", {"expiresAt": GRANT["expiresAt"]}
    ),
    "POST /dpp/access-requests/{request_id}/decline": lambda w, t: _json(
        f"/dpp/access-requests/{t.access_requests[1]}/decline", {}
    ),
    "POST /dpp/grants/{grant_id}/revoke": lambda w, t: _empty(f"/dpp/grants/{t.passport_grant}/revoke"),
    "POST /traceability/recalls": lambda w, t: _json(
        "/traceability/recalls", {"items": [t.recallable], "reason": "The dye exceeds its limit."}
    ),
    "POST /traceability/recalls/{recall_id}/withdraw": lambda w, t: _json(
        f"/traceability/recalls/{t.recall_withdrawn}/withdraw", {"reason": "The dye is within its limit."}
    ),
    REMINDER: lambda w, t: _empty(f"/traceability/recalls/{t.recall}/remind"),
    "POST /traceability/recalls/{recall_id}/recipients/{notice_id}/acknowledge": lambda w, t: _json(
        f"/traceability/recalls/{t.recall}/recipients/{t.recall_recipient}/acknowledge", {"note": "By telephone."}
    ),
    "POST /traceability/recall-notices/{notice_id}/acknowledge": lambda w, t: _json(
        f"/traceability/recall-notices/{t.notice}/acknowledge", {"note": "Stopped."}
    ),
    "POST /account/scim-tokens": lambda w, t: _json("/account/scim-tokens", {"name": "Entra ID"}),
    "DELETE /account/scim-tokens/{token_id}": lambda w, t: _empty(f"/account/scim-tokens/{t.scim_token}"),
    "POST /account/users": lambda w, t: _json("/account/users", {"email": f"{uuid4()}@example.test"}),
    "POST /account/users/{user_id}/password-reset": lambda w, t: _empty(
        f"/account/users/{t.victim.user_id}/password-reset"
    ),
    "PATCH /account/users/{user_id}": lambda w, t: _json(f"/account/users/{t.victim.user_id}", {"role": "VIEWER"}),
    "DELETE /account/users/{user_id}": lambda w, t: _empty(f"/account/users/{t.victim.user_id}"),
    "DELETE /account/users/{user_id}/factors": lambda w, t: _empty(f"/account/users/{t.victim.user_id}/factors"),
    "POST /auth/factors/passkeys/options": lambda w, t: _empty("/auth/factors/passkeys/options"),
    "POST /auth/factors/totp": lambda w, t: _empty("/auth/factors/totp"),
    "POST /auth/factors/recovery-codes": lambda w, t: _empty("/auth/factors/recovery-codes"),
    "DELETE /auth/factors/{factor_id}": lambda w, t: _empty(f"/auth/factors/{SESSION_ID}"),
    "PATCH /auth/me": lambda w, t: _json("/auth/me", {"name": f"Ada {uuid4()}"}),
    "DELETE /auth/email": lambda w, t: _empty("/auth/email"),
    "POST /account/users/{user_id}/email-change/approve": lambda w, t: _json(
        f"/account/users/{t.renamed.user_id}/email-change/approve", {"newEmail": f"new.{t.renamed.email}"}
    ),
    "PUT /account/identity-provider": lambda w, t: _json(
        "/account/identity-provider", {"issuer": "https://127.0.0.1:1", "clientId": "c", "clientSecret": "not one"}
    ),
    "DELETE /account/identity-provider": lambda w, t: _empty("/account/identity-provider"),
    "POST /account/identity-provider/test": lambda w, t: _empty("/account/identity-provider/test"),
    "PUT /account/domains/{domain}": lambda w, t: _empty(f"/account/domains/{uuid4()}.example"),
    "POST /account/domains/{domain}/verify": lambda w, t: _empty(f"/account/domains/{uuid4()}.example/verify"),
    "DELETE /account/domains/{domain}": lambda w, t: _empty(f"/account/domains/{uuid4()}.example"),
    "POST /auth/logout": lambda w, t: _empty("/auth/logout"),
    "DELETE /auth/sessions/{session_id}": lambda w, t: _empty(f"/auth/sessions/{t.session}"),
    "POST /epcis/queries": lambda w, t: _json("/epcis/queries", {"name": f"q{uuid4()}", "query": {}}),
    "DELETE /epcis/queries/{query_name}": lambda w, t: _empty(f"/epcis/queries/{t.epcis_query}"),
    "POST /epcis/queries/{query_name}/subscriptions": lambda w, t: _json(
        f"/epcis/queries/{t.epcis_subscription[0]}/subscriptions", SUBSCRIPTION
    ),
    "POST /epcis/queries/{query_name}/subscriptions/{subscription_id}/resume": lambda w, t: _empty(
        "/epcis/queries/{}/subscriptions/{}/resume".format(*t.epcis_subscription)
    ),
    "POST /epcis/queries/{query_name}/subscriptions/{subscription_id}/test": lambda w, t: _empty(
        "/epcis/queries/{}/subscriptions/{}/test".format(*t.epcis_subscription)
    ),
    "DELETE /epcis/queries/{query_name}/subscriptions/{subscription_id}": lambda w, t: _empty(
        "/epcis/queries/{}/subscriptions/{}".format(*t.epcis_subscription)
    ),
    "POST /epcis/capture": lambda w, t: ("/epcis/capture", (JSON,), document([object_event()])),
    "POST /epcis/events": lambda w, t: _json("/epcis/events", {"@context": [CONTEXT], **object_event()}),
    "POST /identifiers/validate": lambda w, t: _json(
        "/identifiers/validate", {"identifiers": [{"type": "gtin", "value": "4006381333931"}]}
    ),
    "POST /imports": lambda w, t: ("/imports", (CSV,), f"sku,name\nS-{uuid4()},Bolt\n".encode()),
    "POST /imports/{import_id}/cancel": lambda w, t: _empty(f"/imports/{t.upload}/cancel"),
    "PATCH /imports/{import_id}/content": lambda w, t: (
        f"/imports/{t.upload}/content",
        (("Content-Type", "application/partial-upload"), ("Upload-Offset", "0")),
        UPLOADED,
    ),
    "POST /imports/{import_id}/retry": lambda w, t: _empty(f"/imports/{t.finished_import}/retry"),
    "POST /oauth/clients": lambda w, t: _json("/oauth/clients", {"client_name": "New", "scope": "products:read"}),
    "DELETE /oauth/clients/{client_id}": lambda w, t: _empty(f"/oauth/clients/{t.client.client_id}"),
    "PATCH /oauth/clients/{client_id}": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}", {"client_name": f"Renamed {uuid4()}"}
    ),
    "POST /oauth/clients/{client_id}/rotate": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}/rotate", {"grace_period_seconds": 60}
    ),
    "POST /oauth/clients/{client_id}/certificates": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}/certificates", {"certificate": ClientCertificate().pem}
    ),
    "DELETE /oauth/clients/{client_id}/certificates/{certificate_id}": lambda w, t: _empty(
        f"/oauth/clients/{t.client.client_id}/certificates/{t.certificate_id}"
    ),
    "DELETE /oauth/clients/{client_id}/secrets/{secret_id}": lambda w, t: _empty(
        f"/oauth/clients/{t.overlapping.client_id}/secrets/{t.overlapping.secret_id}"
    ),
    "PATCH /oauth/clients/{client_id}/secrets/{secret_id}": lambda w, t: _json(
        f"/oauth/clients/{t.overlapping.client_id}/secrets/{t.overlapping.secret_id}",
        {"expires_at": int(time.time()) + 7200},
    ),
    "POST /oauth/clients/{client_id}/keys": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}/keys", {"name": "Key", "jwk": public(new_key())}
    ),
    "DELETE /oauth/clients/{client_id}/keys/{key_id}": lambda w, t: _empty(
        f"/oauth/clients/{t.overlapping.client_id}/keys/{t.client_keys[0]}"
    ),
    "POST /oauth/clients/{client_id}/trusts": lambda w, t: _json(
        f"/oauth/clients/{t.client.client_id}/trusts", TRUST | {"claims": {"sub": str(uuid4())}}
    ),
    "DELETE /oauth/clients/{client_id}/trusts/{trust_id}": lambda w, t: _empty(
        f"/oauth/clients/{t.overlapping.client_id}/trusts/{t.client_trusts[0]}"
    ),
    "POST /products": lambda w, t: _json("/products", body()),
    "DELETE /products/{product_id}": lambda w, t: _empty(f"/products/{t.removable}"),
    "PATCH /products/{product_id}": lambda w, t: _json(f"/products/{t.drafted}", {"content": {"brand": str(uuid4())}}),
    "DELETE /products/{product_id}/draft": lambda w, t: _empty(f"/products/{t.redrafted}/draft"),
    "POST /products/{product_id}/unarchive": lambda w, t: _empty(f"/products/{t.archived}/unarchive"),
    "POST /products/{product_id}/publish": lambda w, t: _json(f"/products/{t.publishable}/publish", {}),
    "POST /products/{product_id}/versions/{version}/withdraw": lambda w, t: _json(
        f"/products/{t.published}/versions/1/withdraw", {"reason": "Wrong"}
    ),
    "POST /connections/{connection_id}/shares": lambda w, t: _json(
        f"/connections/{t.connection}/shares", {"type": "CATEGORY", "category": str(uuid4())}
    ),
    "DELETE /shares/{share_id}": lambda w, t: _empty(f"/shares/{t.share}"),
    "POST /shared/products/{product_id}/acknowledge": lambda w, t: _json(
        f"/shared/products/{t.shared}/acknowledge", {"status": "ACCEPTED"}
    ),
    "POST /shared/products/{product_id}/adopt": lambda w, t: _json(f"/shared/products/{t.adoptable}/adopt", {}),
}


def _new_password(world: World, person: Person, bearer: str) -> Made:
    return _json("/auth/password", {"currentPassword": person.password, "newPassword": world.vault.password()})


def _new_email(world: World, person: Person, bearer: str) -> Made:
    return _json("/auth/email", {"newEmail": f"{uuid4()}@example.test", "password": person.password})


def _step_up(world: World, person: Person, bearer: str) -> Made:
    return _json("/auth/step-up", {"password": person.password})


def _confirm_totp(world: World, person: Person, bearer: str) -> Made:
    begun = world.api.post("/auth/factors/totp", bearer=bearer)
    if begun.status != 200:
        return _json("/auth/factors/totp/confirm", {"code": "000000"})
    secret = world.vault.remember("secret of an authenticator app", begun.data()["secret"])
    return _json("/auth/factors/totp/confirm", {"code": Authenticator(secret).code()})


def _register_passkey(world: World, person: Person, bearer: str) -> Made:
    """For a challenge of the caller; for any challenge, if they get none any more."""
    begun = world.api.post("/auth/factors/passkeys/options", bearer=bearer)
    invented = {"challenge": "A" * 43, "user": {"id": "AAAA"}}
    credential = new_authenticator(world).create(begun.data()["publicKey"] if begun.status == 200 else invented)
    return _json("/auth/factors/passkeys", {"credential": credential})


def _rename_passkey(world: World, person: Person, bearer: str) -> Made:
    return _json(f"/auth/factors/{insert_passkey(world, person)}", {"name": str(uuid4())})


OF_PERSON: dict[str, Callable[[World, Person, str], Made]] = {
    "POST /auth/step-up": _step_up,
    "POST /auth/factors/totp/confirm": _confirm_totp,
    "POST /auth/factors/passkeys": _register_passkey,
    "PATCH /auth/factors/{factor_id}": _rename_passkey,
    "POST /auth/password": _new_password,
    EMAIL: _new_email,
}
"""Requests that need what only the caller knows."""


NEEDS_PROVIDER = {"PUT /account/identity-provider"}
"""Accepted only if a provider answers: see `tests/sso`."""


READS = {"POST /dpp/labels", "POST /dpp/validate"}
"""They write nothing, so no transaction authorises the caller again: the guard did, once the body was complete."""


NOT_SUPPORTED = {"DELETE /epcis/nextPageToken/{token}"}
"""Answered with 501, whoever asks."""


def writes_of_api() -> dict[str, Route]:
    """Every route of the API that writes for the caller of a token, by method and path."""
    return {
        f"{route.method} {route.path.removeprefix(API)}": route
        for route in routes()
        if route.method != "GET"
        and f"{route.method} {route.path.removeprefix(API)}" not in NOT_SUPPORTED
        and route.path.startswith(API)
        and route.handler
        and not route.handler.opt.get("public")
    }


def reads_body(route: Route) -> bool:
    assert route.handler is not None
    return route.handler.parsed_data_field is not None or "takes" in route.handler.opt


def request_for(name: str, world: World, things: Things, bearer: str, person: Person | None) -> HttpRequest:
    """The request, with a key so that even an answer without an effect leaves a row."""
    if name in OF_PERSON:
        assert person is not None
        path, headers, content = OF_PERSON[name](world, person, bearer)
    else:
        path, headers, content = REQUESTS[name](world, things)
    if name.startswith("POST"):
        headers = (*headers, ("Idempotency-Key", str(uuid4())))
    method = name.partition(" ")[0]
    return HttpRequest(method, API + path, (("Authorization", f"Bearer {bearer}"), *headers), content)
