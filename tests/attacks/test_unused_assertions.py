"""A request that is refused for something else leaves its assertion unused. Security rule 302."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from attacks.cases import case
from attacks.conftest import PROXIED, new_source
from attacks.test_client_assertions import denied
from harness.answers import Answer
from harness.client import Client
from harness.client_assertions import KeyClient, make_key_client, present
from harness.client_certificates import HEADER, ClientCertificate
from harness.dpop import TOKEN, DpopKey
from harness.rows import wait_for_count
from harness.topologies import MirroringClient
from harness.workloads import Workload
from harness.world import World


@pytest.fixture
def machine(world: World) -> KeyClient:
    return make_key_client(world)


def with_proof(api: Client, base: str, assertion: str, key: DpopKey, nonce: str | None, **form: str) -> Answer:
    """A token request with a proof of its own."""
    headers = [("DPoP", key.proof("POST", base + TOKEN, nonce=nonce))]
    return present(api, assertion, "/oauth/token", headers, False, **form)


def test_rule_302_the_answer_to_a_nonce_challenge_has_the_same_assertion(world: World, machine: KeyClient) -> None:
    assertion, key, base = machine.assertion(), DpopKey(), world.api.url.rstrip("/")
    challenged = with_proof(world.api, base, assertion, key, None).expect(400, "use_dpop_nonce")
    nonce = challenged.header("dpop-nonce")
    assert with_proof(world.api, base, assertion, key, nonce).expect(200).object()["token_type"] == "DPoP"
    denied(with_proof(world.api, base, assertion, key, nonce))
    denied(with_proof(world.api, base, assertion, key, None))
    denied(present(world.api, assertion))


def test_rule_302_a_workload_answers_a_nonce_challenge_with_its_only_token(fetching: World, job: Workload) -> None:
    key, base = DpopKey(), fetching.api.url.rstrip("/")
    for jti in ("302", None):
        token, only = job.ci.sign(job.claims(jti=jti)), {"client_id": job.client_id}
        challenged = with_proof(fetching.api, base, token, key, None, **only).expect(400, "use_dpop_nonce")
        nonce = challenged.header("dpop-nonce")
        with_proof(fetching.api, base, token, key, nonce, **only).expect(200)
        denied(with_proof(fetching.api, base, token, key, nonce, **only))


@pytest.mark.parametrize(
    ("form", "error"),
    [
        case(302, "scope that was not granted", {"scope": "audit:read"}, "invalid_scope"),
        case(302, "malformed scope", {"scope": "products:read  products:write"}, "invalid_scope"),
        case(302, "unknown resource", {"resource": "https://other.example"}, "invalid_target"),
        case(302, "unknown grant", {"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_refused_forms_leave_the_assertion_unused(machine: KeyClient, form: dict[str, str], error: str) -> None:
    assertion = machine.assertion()
    machine.request(assertion, **form).expect(400, error)
    machine.request(assertion).expect(200)
    # Once it is used, nobody learns by it what the client was granted.
    denied(machine.request(assertion, **form))


@pytest.mark.parametrize(
    "make",
    [
        case(302, "malformed proof", lambda key, base: "x"),
        case(302, "proof for another method", lambda key, base: key.proof("GET", base + TOKEN)),
        case(302, "proof for another URI", lambda key, base: key.proof("POST", base)),
    ],
)
def test_refused_proofs_leave_the_assertion_unused(
    world: World, machine: KeyClient, make: Callable[[DpopKey, str], str]
) -> None:
    assertion = machine.assertion()
    proof = make(DpopKey(), world.api.url.rstrip("/"))
    present(world.api, assertion, headers=[("DPoP", proof)]).expect(400, "invalid_dpop_proof")
    machine.request(assertion).expect(200)


def test_rule_302_a_missing_certificate_leaves_the_assertion_unused(
    engine: str, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world(engine, source=new_source(), **PROXIED, LINKXG_CLIENT_CERT_HEADER=HEADER)
    machine, certificate = make_key_client(world), ClientCertificate()
    path = f"/oauth/clients/{machine.client_id}"
    world.api.post(f"{path}/certificates", bearer=world.owner.access, json={"certificate": certificate.pem}).expect(201)
    options = {"tls_client_certificate_bound_access_tokens": True}
    world.api.patch(path, bearer=world.owner.access, json=options).expect(200)
    assertion = machine.assertion()
    denied(present(world.api, assertion))
    denied(present(world.api, assertion, headers=ClientCertificate().rfc_9440))
    present(world.api, assertion, headers=certificate.rfc_9440).expect(200)
    denied(present(world.api, assertion, headers=certificate.rfc_9440))


@pytest.mark.parametrize("is_bound", [case(302, "bound to a key", True), case(302, "unbound", False)])
def test_of_parallel_replays_one_gets_a_token(world: World, machine: KeyClient, is_bound: bool) -> None:
    """Proofs differ, so that the assertion alone decides."""
    key, base = DpopKey(), world.api.url.rstrip("/")
    nodes = world.api.nodes if isinstance(world.api, MirroringClient) else [world.api]
    nonce = with_proof(world.api, base, machine.assertion(), key, None).header("dpop-nonce")

    def attempt(api: Client, assertion: str) -> Answer:
        return with_proof(api, base, assertion, key, nonce) if is_bound else present(api, assertion)

    for _ in range(3):
        assertion = machine.assertion()
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda api, used=assertion: attempt(api, used), nodes * (16 // len(nodes))))
        assert sorted(answer.status for answer in answers) == [200] + [401] * 15


def test_rule_302_an_account_sees_the_replays_that_lost(world: World, machine: KeyClient) -> None:
    assertion = machine.assertion()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: machine.request(assertion), range(8)))
    query = f"SELECT count(*) FROM refused_requests WHERE client_id = '{machine.client_id}'"
    wait_for_count(world.server.database, f"{query} AND cause = 'assertion_used'", 7)


def test_rule_302_at_introspection_the_assertion_is_used_up_too(world: World, machine: KeyClient) -> None:
    assertion = machine.assertion()
    present(world.api, assertion, "/oauth/introspect", token="x").expect(200)
    denied(present(world.api, assertion, "/oauth/introspect", token="x"))
    denied(machine.request(assertion))
