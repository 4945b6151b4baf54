"""Executes the snippets of `sdk/guard/README.md`: each framework as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from guard.guarded import REVOKED_WITHIN_S, until
from harness.clients import OAuthClient, request_token, revoke
from harness.dpop import TOKEN, DpopClient, DpopKey
from harness.processes import Process, free_port
from harness.world import World

README = Path(__file__).parents[2] / "sdk" / "guard" / "README.md"
FRAMEWORKS = ("asgi", "fastapi", "litestar", "django", "wsgi")
RESOURCE = "https://orders.example/api"
ASGI = "import uvicorn\nuvicorn.run(app, host='127.0.0.1', port={port}, log_level='info')\n"
WSGI = """
from wsgiref.simple_server import make_server
server = make_server("127.0.0.1", {port}, app)
print("Uvicorn running", flush=True)
server.serve_forever()
"""
DJANGO = """
import sys
import types
from django.conf import settings
settings.configure(SECRET_KEY="x", ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], LINKXG_GUARD=LINKXG_GUARD)
import django
django.setup()
{view}
from django.urls import path
sys.modules["urls"] = types.ModuleType("urls")
sys.modules["urls"].urlpatterns = [path("orders", orders)]
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
"""


def snippets() -> dict[str, str]:
    return dict(re.findall(r"```python (\S+)\n(.*?)```", README.read_text(), re.DOTALL))


BOUND = {
    'resource="https://orders.example/api",': 'base_url="https://orders.example",',
    '"resource": "https://orders.example/api",': '"base_url": "https://orders.example",',
}


def program(name: str, port: int, bound: bool = False) -> str:
    """A framework's service; `bound`, with the setting that accepts tokens bound to a key."""
    found = snippets()
    if bound:
        for given, more in BOUND.items():
            found = {each: text.replace(given, f"{given} {more}") for each, text in found.items()}
    if name == "django":
        return found["django"] + DJANGO.format(view=found["django-view"]) + WSGI.format(port=port)
    return found[name] + (WSGI if name == "wsgi" else ASGI).format(port=port)


def registered(world: World) -> OAuthClient:
    """By the snippet of the README."""
    known: OAuthClient | None = world.__dict__.get("orders")
    if known is None:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                snippets()["register"] + "print(registered['client_id'], registered['client_secret'])",
            ],
            env=os.environ | {"LINKXG_URL": world.server.url, "OWNER_TOKEN": world.owner.access},
            capture_output=True,
            check=True,
            timeout=60,
        )
        client_id, secret = done.stdout.decode().split()
        known = world.__dict__["orders"] = OAuthClient(client_id, secret, "", "")
        world.vault.remember("client secret", known.client_secret)
    return known


@contextmanager
def started(
    name: str, world: World, folder: Path, interpreter: str | Path = sys.executable, *, bound: bool = False
) -> Iterator[httpx.Client]:
    """A client of the service with this framework."""
    port, oauth = free_port(), registered(world)
    script = folder / f"{name}_service.py"
    script.write_text(program(name, port, bound))
    process = Process(
        "guarded service",
        [interpreter, str(script)],
        environment=os.environ
        | {
            "LINKXG_URL": world.server.url,
            "GUARD_CLIENT_ID": oauth.client_id,
            "GUARD_CLIENT_SECRET": oauth.client_secret,
        },
        working_directory=folder,
    )
    try:
        process.wait_for(lambda line: "Uvicorn running" in line)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20.0, trust_env=False) as http:
            yield http
    finally:
        process.stop()


def check_guarded(world: World, service: httpx.Client) -> None:
    """Callers get in by a good token only, until it is revoked."""
    oauth = world.new_client()

    def token(scope: str) -> str:
        answer = request_token(world.api, oauth, scope, resource=RESOURCE).expect(200)
        return str(answer.object()["access_token"])

    def get(bearer: str) -> httpx.Response:
        return service.get("/orders", headers={"Authorization": f"Bearer {bearer}"})

    good, narrow = token("products:read"), token("dpp:read")
    answer = get(good)
    assert (answer.status_code, answer.json()) == (200, {"caller": oauth.client_id})
    none = service.get("/orders")
    assert (none.status_code, none.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert none.headers["content-type"].startswith("application/json")
    lacking = get(narrow)
    assert (lacking.status_code, lacking.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="products:read"' in lacking.headers["www-authenticate"]
    assert get(world.token()).status_code == 401, "a token for LinkXG's own API"
    assert get("a.b.c").json()["error"] == "invalid_token"
    repeated = service.get("/orders", headers=[("Authorization", f"Bearer {good}"), ("Authorization", "Bearer x")])
    assert repeated.status_code in (400, 401)
    revoke(world.api, oauth, good).expect(200)
    until(lambda: get(good).status_code == 401, REVOKED_WITHIN_S)


def check_bound(world: World, service: httpx.Client) -> None:
    """A token that is bound to a key gets in with a proof of this request, once; a plain one as before."""
    client = DpopClient(world.api, world.new_client())
    client.request_token().expect(200)
    form = client.oauth.form | {"resource": RESOURCE}
    proof = client.key.proof("POST", client.base + TOKEN, nonce=client.nonce)
    answer = world.api.post("/oauth/token", form=form, headers=[("DPoP", proof)], reveals=True).expect(200)
    token = str(answer.object()["access_token"])

    def get(scheme: str, *proofs: str) -> httpx.Response:
        headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", each) for each in proofs)]
        return service.get("/orders?limit=1", headers=headers)

    def sign(key: DpopKey = client.key, **changed: Any) -> str:
        return key.proof("GET", "https://orders.example/orders", **{"token": token, **changed})

    good = sign()
    answered = get("DPoP", good)
    assert (answered.status_code, answered.json()) == (200, {"caller": client.oauth.client_id})
    for proofs in ((good,), (), (good, sign()), (sign(htm="POST"),), (sign(htu=str(service.base_url) + "/orders"),)):
        refused = get("DPoP", *proofs)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_dpop_proof"), proofs
        challenge = refused.headers["www-authenticate"]
        assert challenge.startswith('DPoP realm="api", algs="ES256 EdDSA RS256 PS256", error="invalid_dpop_proof"')
    for downgraded in (get("Bearer"), get("Bearer", sign()), get("DPoP", sign(DpopKey()))):
        assert (downgraded.status_code, downgraded.json()["error"]) == (401, "invalid_token")
        assert downgraded.headers["www-authenticate"].startswith("DPoP ")
    plain = request_token(world.api, client.oauth, "products:read", resource=RESOURCE).expect(200)
    bearer = f"Bearer {plain.object()['access_token']}"
    assert service.get("/orders", headers={"Authorization": bearer}).status_code == 200
    assert (
        service.get("/orders", headers={"Authorization": bearer.replace("Bearer", "DPoP"), "DPoP": sign()}).status_code
        == 401
    )
    assert get("DPoP", sign()).status_code == 200
