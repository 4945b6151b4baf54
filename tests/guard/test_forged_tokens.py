"""No hostile token passes a guard. Security rules 33 to 37, 42 to 56 and 292, for every algorithm."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from attacks.test_jwt import CLAIMS, EXACT_CLAIMS, HEADERS, claims_for
from attacks.test_jwt_algorithms import PRIVATE, attacker_key, public_forms
from attacks.test_jwt_encoding import DOUBLES, NOT_OBJECTS, SPELLINGS
from conftest import ServerFactory, checked_for_leaks
from guard.guarded import RESOURCE, GuardedService, register, settings_for
from harness.clients import request_token
from harness.dpop import TOKEN, DpopClient
from harness.token_forge import TokenForge, decode_unverified, hmac_token, json_bytes
from harness.world import World, build_world

ALGORITHMS = ("HS256", "ES256", "EdDSA", "RS256")
pytestmark = pytest.mark.any_engine


class Signer:
    """A server that signs with one algorithm, and a service that it guards."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.service = GuardedService("starlette", **settings_for(world, register(world)))
        self.genuine = self.token()
        self.forge = TokenForge(world.server.signing_keys()[0])

    def token(self) -> str:
        answer = request_token(self.world.api, self.world.oauth, resource=RESOURCE).expect(200)
        return str(answer.object()["access_token"])

    def refuse(self, token: str, why: object) -> None:
        if len(token) >= 12 and token.count(".") == 2:
            self.world.vault.remember("forged token", token)
        answer = self.service.http.get("/read", headers={b"Authorization": f"Bearer {token}".encode()})
        assert answer.status_code in (400, 401), (why, answer)
        assert answer.json()["error"] in ("invalid_token", "invalid_request"), why
        assert "WWW-Authenticate" in answer.headers
        assert answer.headers["cache-control"] == "no-store"


@pytest.fixture(scope="module", params=ALGORITHMS)
def signer(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[Signer]:
    server = new_server(LINKXG_TOKEN_ALGORITHM=str(request.param))
    for world in checked_for_leaks(build_world(server)):
        made = Signer(world)
        yield made
        made.service.close()


def test_genuine_tokens_are_accepted(signer: Signer) -> None:
    """Without this, every refusal below could have another cause."""
    assert signer.service.status(signer.genuine) == 200
    if signer.forge.alg != "HS256":
        # A forged token that only LinkXG can verify, LinkXG refuses where its header is not the exact one.
        forged = signer.forge.with_changes(signer.genuine, claims={"jti": "another"})
        assert signer.service.status(signer.world.vault.remember("forged token", forged)) == 200


def test_other_headers_are_refused(signer: Signer) -> None:
    for rule, name, header in HEADERS:
        if header != {"alg": signer.forge.alg}:
            signer.refuse(signer.forge.with_changes(signer.genuine, header=header), (rule, name))


def test_other_claims_are_refused(signer: Signer) -> None:
    for rule, name, claims in CLAIMS:
        filled = claims_for(signer.world, claims)
        signer.refuse(signer.forge.with_changes(signer.genuine, claims=filled), (rule, name))
    api = f"{signer.world.server.url}/api/v1"
    for claims in ({"aud": api}, {"account_id": signer.world.other.account_id}, {"epoch": -1}, {"cidrs": ["x"]}):
        signer.refuse(signer.forge.with_changes(signer.genuine, claims=claims), claims)


def test_times_that_are_no_numbers_are_refused(signer: Signer) -> None:
    header, claims = decode_unverified(signer.genuine)
    for name, (member, value) in EXACT_CLAIMS.items():
        written = json_bytes(claims).decode().replace(f"{member}{claims[member.strip(chr(34) + ':')]}", member + value)
        signer.refuse(signer.forge.sign_json(json_bytes(header), written.encode()), name)


def test_repeated_members_are_refused(signer: Signer) -> None:
    header, claims = (json_bytes(part) for part in decode_unverified(signer.genuine))
    for name, (in_header, member) in DOUBLES.items():
        for first in (True, False):

            def doubled(original: bytes, member: bytes = member, first: bool = first) -> bytes:
                inside = original[1:-1]
                return b"{" + (member + b"," + inside if first else inside + b"," + member) + b"}"

            parts = (doubled(header), claims) if in_header else (header, doubled(claims))
            signer.refuse(signer.forge.sign_json(*parts), (name, first))


def test_parts_that_are_no_objects_are_refused(signer: Signer) -> None:
    header, claims = (json_bytes(part) for part in decode_unverified(signer.genuine))
    for name, part in NOT_OBJECTS.items():
        signer.refuse(signer.forge.sign_json(part, claims), (name, "header"))
        signer.refuse(signer.forge.sign_json(header, part), (name, "claims"))


def test_other_spellings_are_refused(signer: Signer) -> None:
    for name, (rule, spell) in SPELLINGS.items():
        signer.refuse(spell(signer.genuine.split(".")), (rule, name))
    for size in (8_193, 20_000):
        signer.refuse("a" * size, size)
    assert signer.service.status(signer.genuine) == 200


def test_keys_of_others_are_refused(signer: Signer) -> None:
    header, claims = decode_unverified(signer.genuine)
    for alg in ("ES256", "EdDSA", "RS256"):
        forge = attacker_key(alg)
        public = {name: value for name, value in forge.jwk.items() if name not in PRIVATE}
        for extra in ({}, {"alg": alg}, {"jwk": public}, {"kid": "evil", "alg": alg}):
            signer.refuse(forge.token(header | extra, claims), (alg, extra))
    for key in (b"", b"secret", bytes(32), header["kid"].encode()):
        signer.refuse(hmac_token(header, claims, key), key)
        signer.refuse(hmac_token(header | {"alg": "HS256"}, claims, key), key)
    if signer.forge.alg != "HS256":
        record = signer.world.server.signing_keys()[0]
        for name, secret in public_forms(record).items():
            signer.refuse(hmac_token(header | {"alg": "HS256"}, claims, secret), name)
            signer.refuse(hmac_token(header, claims, secret), name)
    for alg in ("none", "None", "NONE", "nOnE"):
        unsigned = signer.forge.token(header | {"alg": alg}, claims)
        signer.refuse(unsigned, alg)
        signer.refuse(unsigned.rpartition(".")[0] + ".", alg)


def test_what_signs_the_feed_makes_no_token(signer: Signer) -> None:
    """The detached signature of a feed document over the claims of a token (security rule 51)."""
    header, claims = decode_unverified(signer.genuine)
    for typ in ("linkxg-revocations+jwt", "JWT", "at+jwt "):
        signer.refuse(signer.forge.token(header | {"typ": typ}, claims), typ)


def test_the_header_field_is_read_strictly(signer: Signer) -> None:
    """Security rules 33 to 37."""
    http, token = signer.service.http, signer.genuine
    assert http.get("/read", headers={"Authorization": f"bEARER  {token}"}).status_code == 200
    none = http.get("/read")
    assert (none.status_code, none.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert http.get("/read", params={"access_token": token}).status_code == 401
    assert http.get("/read", headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert http.get("/read", headers={"Authorization": "Bearer"}).status_code == 400
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert http.get("/read", headers=twice).status_code == 400
    narrow = request_token(signer.world.api, signer.world.oauth, "products:read", resource=RESOURCE)
    refused = http.post("/write", headers={"Authorization": f"Bearer {narrow.object()['access_token']}"})
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="products:write"' in refused.headers["www-authenticate"]
    assert http.get("/healthz").json() == {"ready": True}
    assert json.loads(none.content)["error_description"]


def test_rule_280_bound_tokens_are_refused(signer: Signer) -> None:
    """Genuine ones: whoever stole such a token would only need to send it as a Bearer token."""
    client = DpopClient(signer.world.api, signer.world.oauth)
    client.request_token().expect(200)
    form = signer.world.oauth.form | {"resource": RESOURCE}
    proof = client.key.proof("POST", client.base + TOKEN, nonce=client.nonce)
    answer = signer.world.api.post("/oauth/token", form=form, headers=[("DPoP", proof)], reveals=True).expect(200)
    token = str(answer.object()["access_token"])
    signer.refuse(token, "bound to a key")
    proof = client.key.proof("GET", "http://service.example/read", nonce=client.nonce, token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    assert signer.service.http.get("/read", headers=headers).status_code == 401
    bindings: tuple[object, ...] = ({}, [], {"jkt": "x"}, {"x5t#S256": "x"})
    for cnf in bindings:
        signer.refuse(signer.forge.with_changes(signer.genuine, claims={"cnf": cnf}), cnf)
