"""A filled-in form for every page of the console that writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

from architecture.program import Route, routes
from console.browser import FORM_TYPE, Visitor
from epcis.documents import document, object_event
from harness.client_assertions import new_key, public
from harness.client_certificates import ClientCertificate
from harness.held_request import HttpRequest
from harness.people import Person
from linkxg.console.three_way_merge import digest
from products.catalogue import new_gtin
from races.things import Things

Fields = dict[str, str]
# What a form shows, without writing anything.
READ_ONLY_POSTS = {"POST /account/api-access/{client_id}/env", "POST /account/security/codes"}
CAPTURED = document([object_event("urn:example:%b")])
UPLOADS = {"POST /imports": b"sku,name\nF-%b,Bolt\n", "POST /events/captures": CAPTURED}
LAST = "POST /sign-out"
_CLIENT = "/account/api-access/{client_id}"
# The first one is sent before the secret of its client is replaced.
FORMS: dict[str, Callable[[Visitor, Person, Things], Fields]] = {
    f"POST {_CLIENT}/test": lambda v, p, t: {"client_secret": t.client.client_secret},
    "POST /account/api-access/new": lambda v, p, t: {"name": "New", "scope": "products:read", "key": uuid4().hex},
    f"POST {_CLIENT}": lambda v, p, t: {"name": f"Renamed {uuid4()}", "scope": "products:read", "self_rotation": "yes"},
    f"POST {_CLIENT}/binding": lambda v, p, t: {"dpop": ""},
    f"POST {_CLIENT}/certificates": lambda v, p, t: {"certificate": ClientCertificate().pem, "key": uuid4().hex},
    f"POST {_CLIENT}/certificates/{{certificate_id}}/remove": lambda v, p, t: {"sure": "yes"},
    f"POST {_CLIENT}/disable": lambda v, p, t: {},
    f"POST {_CLIENT}/enable": lambda v, p, t: {},
    f"POST {_CLIENT}/least-scope": lambda v, p, t: {"remove": "products:write"},
    f"POST {_CLIENT}/rotate": lambda v, p, t: {"mode": "planned", "overlap": "3600", "key": uuid4().hex},
    f"POST {_CLIENT}/secrets/{{secret_id}}/extend": lambda v, p, t: {"overlap": "86400"},
    f"POST {_CLIENT}/secrets/{{secret_id}}/finish": lambda v, p, t: {"sure": "yes"},
    f"POST {_CLIENT}/authentication": lambda v, p, t: {"method": "client_secret_post"},
    f"POST {_CLIENT}/keys": lambda v, p, t: {
        "key_name": "Key", "public_key": json.dumps(public(new_key())), "key": uuid4().hex,
    },
    f"POST {_CLIENT}/keys/{{key_id}}/remove": lambda v, p, t: {"sure": "yes"},
    f"POST {_CLIENT}/trusts": lambda v, p, t: {
        "trust_name": "CI", "issuer": "https://ci.example.test", "audience": "us", "claims": f"sub={uuid4()}",
        "key": uuid4().hex,
    },
    f"POST {_CLIENT}/trusts/{{trust_id}}/remove": lambda v, p, t: {"sure": "yes"},
    f"POST {_CLIENT}/delete": lambda v, p, t: {},
    "POST /account/members": lambda v, p, t: {"email": f"{uuid4()}@example.test", "role": "MEMBER"},
    "POST /account/members/invitations/{invitation_id}/withdraw": lambda v, p, t: {},
    "POST /account/members/{user_id}/password-link": lambda v, p, t: {"key": uuid4().hex},
    "POST /account/members/{user_id}": lambda v, p, t: {"act": "role", "role": "VIEWER"},
    "POST /account/sessions/{session_id}/end": lambda v, p, t: {},
    "POST /account/passkeys/new": lambda v, p, t: {"name": "Phone"},
    "POST /account/passkeys/{passkey_id}": lambda v, p, t: {"name": f"Phone {uuid4()}"},
    "POST /account/passkeys/{passkey_id}/remove": lambda v, p, t: {},
    "POST /account/password": lambda v, p, t: {
        "current_password": p.password, "new_password": v.vault.password(),
    },
    # Before the imports, after which captures that are under way are awaited.
    "POST /events/captures": lambda v, p, t: {"onError": "proceed"},
    "POST /events/queries": lambda v, p, t: {"name": f"q-{uuid4()}", "step": "shipping", "key": uuid4().hex},
    "POST /events/queries/{query_name}": lambda v, p, t: {"sure": "yes"},
    "POST /events/subscriptions/new": lambda v, p, t: {
        "query": t.epcis_subscription[0], "dest": "https://receiver.example.test/", "when": "daily", "hour": "6",
        "key": uuid4().hex,
    },
    "POST /events/subscriptions/{subscription_id}": lambda v, p, t: {"act": "resume", "key": uuid4().hex},
    "POST /imports/{import_id}/cancel": lambda v, p, t: {},
    "POST /imports/{import_id}/retry": lambda v, p, t: {},
    "POST /imports/{import_id}/apply": lambda v, p, t: {"key": uuid4().hex},
    "POST /imports": lambda v, p, t: {"mode": "upsert"},
    "POST /products/new": lambda v, p, t: {"name": "Bolt", "sku": f"F-{uuid4()}", "key": uuid4().hex},
    "POST /products/{product_id}": lambda v, p, t: _shown(v, f"/products/{t.drafted}", None) | {"name": "Renamed"},
    "POST /products/{product_id}/publish": lambda v, p, t: _shown(
        v, f"/products/{t.publishable}/review", f"/products/{t.publishable}/publish"
    ),
    "POST /products/{product_id}/remove": lambda v, p, t: _shown(
        v, f"/products/{t.removable}/remove", f"/products/{t.removable}/remove"
    ),
    "POST /products/{product_id}/discard": lambda v, p, t: _shown(
        v, f"/products/{t.redrafted}/discard", f"/products/{t.redrafted}/discard"
    ),
    "POST /products/{product_id}/unarchive": lambda v, p, t: {},
    "POST /products/{product_id}/versions/{version}/draft": lambda v, p, t: {},
    "POST /products/{product_id}/versions/{version}/withdraw": lambda v, p, t: {"reason": "Wrong"},
    "POST /partners": lambda v, p, t: {"invitee": f"{uuid4()}@example.test", "relationship": "PARTNER"},
    "POST /partners/{connection_id}": lambda v, p, t: {"act": "revoke"},
    "POST /partners/{connection_id}/share": lambda v, p, t: {
        "type": "CATEGORY", "category": str(uuid4()), "content": "all", "then": "share", "sure": "yes",
        "key": uuid4().hex,
    },
    "POST /partners/{connection_id}/ask": lambda v, p, t: {
        "type": "PRODUCT", "subject": new_gtin(), "purpose": "For our label.", "key": uuid4().hex,
    },
    "POST /requests/{request_id}": lambda v, p, t: {"then": "decline", "key": uuid4().hex},
    "POST /requests/passports/{access_request_id}": lambda v, p, t: {"then": "decline", "key": uuid4().hex},
    "POST /requests/passport-links/{grant_id}": lambda v, p, t: {"sure": "yes"},
    "POST /products/{product_id}/passport/link": lambda v, p, t: {
        "recipient": "An authority", "purpose": "File 4711", "roles": "authority", "expires": _soon(),
        "key": uuid4().hex,
    },
    "POST /products/{product_id}/passport/access": lambda v, p, t: _shown(
        v, f"/products/{t.drafted}/passport/access", f"/products/{t.drafted}/passport/access"
    ) | {f"sees.{digest('name')}": "authority"},
    "POST /products/{product_id}/passport/units/new": lambda v, p, t: {
        "serials": f"F{uuid4()}"[:20], "key": uuid4().hex,
    },
    "POST /products/{product_id}/passport/units/{unit_id}": lambda v, p, t: {
        "then": "life-status", "life_status": "re-used", "key": uuid4().hex,
    },
    "POST /traceability/recalls/new": lambda v, p, t: {
        "items": t.recallable, "listed": t.recallable, "reason": "The dye exceeds its limit.", "sure": "yes",
        "key": uuid4().hex,
    },
    "POST /traceability/recalls/{recall_id}": lambda v, p, t: {
        "act": "record", "recipient": t.recall_recipient, "key": uuid4().hex,
    },
    "POST /traceability/notices/{notice_id}": lambda v, p, t: {"note": "Separated.", "key": uuid4().hex},
    "POST /shares/{share_id}": lambda v, p, t: {"sure": "yes"},
    "POST /shared/{product_id}/acknowledge": lambda v, p, t: {"status": "ACCEPTED", "key": uuid4().hex},
    "POST /shared/{product_id}/adopt": lambda v, p, t: {"sku": f"A-{uuid4()}", "key": uuid4().hex},
    "POST /account/company": lambda v, p, t: {"name": "Renamed", "slug": f"s{uuid4()}"[:30], "gln": ""},
    "POST /account/profile": lambda v, p, t: {"name": f"Ada {uuid4()}", "language": "", "time_zone": ""},
    "POST /account/profile/email": lambda v, p, t: {"act": "cancel"},
    "POST /account/provisioning": lambda v, p, t: {"name": "Entra ID", "key": uuid4().hex},
    "POST /account/provisioning/{token_id}/revoke": lambda v, p, t: {"sure": "yes"},
    "POST /account/security": lambda v, p, t: {"act": "app"},
    "POST /account/sign-in-rules": lambda v, p, t: {
        "requirement": "EVERYBODY", "since": "2099-01-01", "minutes": "", "sure": "yes",
    },
    "POST /sign-in/continue": lambda v, p, t: {"next": "/products"},
    "POST /account/single-sign-on": lambda v, p, t: _shown(
        v, "/account/single-sign-on", "/account/single-sign-on"
    ),
    "POST /account/single-sign-on/actions": lambda v, p, t: {"act": "test"},
    "POST /account/single-sign-on/domains": lambda v, p, t: {"domain": f"{uuid4()}.example"},
    LAST: lambda v, p, t: {},
}  # fmt: skip
_IMPORTS = {"POST /imports/{import_id}/retry": "finished_import", "POST /imports/{import_id}/apply": "dry_run"}
_SHARED = {
    "POST /shared/{product_id}/acknowledge": "shared",
    "POST /shared/{product_id}/adopt": "adoptable",
}
_CONNECTIONS = {"POST /partners/{connection_id}": "invited"}
_PRODUCTS = {
    "POST /products/{product_id}": "drafted",
    "POST /products/{product_id}/publish": "publishable",
    "POST /products/{product_id}/remove": "removable",
    "POST /products/{product_id}/discard": "redrafted",
    "POST /products/{product_id}/unarchive": "archived",
    "POST /products/{product_id}/passport/link": "of_units",
    "POST /products/{product_id}/passport/units/new": "of_units",
    "POST /products/{product_id}/passport/units/{unit_id}": "of_unit_of_page",
    "POST /products/{product_id}/versions/{version}/draft": "undrafted",
    "POST /products/{product_id}/versions/{version}/withdraw": "published",
}


def writing_forms() -> dict[str, Route]:
    """Every address of the console to which a form is sent for somebody who is signed in."""
    return {
        f"{route.method} {route.path}": route
        for route in routes()
        if route.method == "POST" and route.handler and route.handler.opt.get("session_roles")
    }


def _soon() -> str:
    return (datetime.now(UTC).date() + timedelta(days=30)).isoformat()


def _shown(visitor: Visitor, page: str, action: str | None) -> Fields:
    """The fields of a form as its page shows them: only what changes is typed."""
    return dict(visitor.fields(visitor.get(page), action))


def address(name: str, things: Things, invitation_id: str) -> str:
    in_overlap = any(part in name for part in ("{secret_id}", "{key_id}", "{trust_id}"))
    client = things.overlapping if in_overlap else things.client
    values = {
        "client_id": client.client_id,
        "secret_id": things.overlapping.secret_id,
        "key_id": things.client_keys[1],
        "trust_id": things.client_trusts[1],
        "certificate_id": things.certificate_id,
        "user_id": things.victim.user_id,
        "session_id": things.session,
        "passkey_id": things.passkey,
        "invitation_id": invitation_id,
        "product_id": getattr(things, (_PRODUCTS | _SHARED).get(name, "drafted")),
        "import_id": getattr(things, _IMPORTS.get(name, "upload")),
        "query_name": things.epcis_query,
        "subscription_id": things.epcis_subscription[1],
        "version": "1",
        "connection_id": getattr(things, _CONNECTIONS.get(name, "connection")),
        "request_id": things.declinable_request,
        "access_request_id": things.access_request_of_page,
        "grant_id": things.grant_of_page,
        "unit_id": things.unit_of_page,
        "share_id": things.share,
        "recall_id": things.recall,
        "notice_id": things.notice_of_page,
        "token_id": things.scim_token,
    }
    return re.sub(r"{(\w+)}", lambda match: str(values[match[1]]), name.partition(" ")[2])


def form_for(name: str, visitor: Visitor, person: Person, things: Things, csrf: str, invitation_id: str) -> HttpRequest:
    """The request that a browser would send."""
    fields = {"csrf": csrf} | FORMS[name](visitor, person, things) | {"csrf": csrf}
    headers = (
        ("Cookie", "; ".join(f"{key}={value}" for key, value in visitor.http.cookies.items())),
        ("Sec-Fetch-Site", "same-origin"),
        ("Accept", "text/html"),
    )
    path = address(name, things, invitation_id)
    if name in UPLOADS:
        content, kind = _multipart(fields, UPLOADS[name] % uuid4().hex.encode()), "multipart/form-data; boundary=limit"
    else:
        content, kind = urlencode(fields).encode(), FORM_TYPE
    return HttpRequest("POST", path, (*headers, ("Content-Type", kind)), content)


def _multipart(fields: Fields, file: bytes) -> bytes:
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    head = '--limit\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\n\r\n'
    return "".join([*parts, head]).encode() + file + b"\r\n--limit--\r\n"
