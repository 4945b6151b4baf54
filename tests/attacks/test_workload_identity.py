"""Workloads of foreign issuers, such as jobs of a CI, that get tokens without a secret. Security rules 272 to 274."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from attacks.cases import case
from attacks.test_client_assertions import denied
from harness.client_assertions import add_trust, issuer_of, make_key_client, new_key, present, set_methods, sign
from harness.clients import introspect, make_client
from harness.openid_provider import METADATA, OpenIdProvider, send
from harness.workloads import CLAIMS, Workload
from harness.world import World

GITHUB = "https://token.actions.githubusercontent.com"


def test_a_job_gets_a_token_without_a_secret(fetching: World, job: Workload) -> None:
    set_methods(fetching.api, fetching.owner, job.client_id, ["workload_identity"]).expect(200)
    token = str(job.request().expect(200).object()["access_token"])
    fetching.api.get("/products", bearer=token).expect(200)
    assert introspect(fetching.api, fetching.oauth, token).expect(200).object()["client_id"] == job.client_id
    # Kubernetes writes its only audience in an array.
    job.request(aud=[job.audience]).expect(200)
    listed = fetching.api.get(f"/oauth/clients/{job.client_id}/trusts", bearer=fetching.owner.access).expect(200)
    (trust,) = listed.object()["trusts"]
    assert trust["claims"] == CLAIMS
    assert trust["last_used_at"] is not None


@pytest.mark.parametrize(
    "changed",
    [
        case(272, "another repository", {"repository": "mallory/erp"}),
        case(272, "another branch", {"ref": "refs/heads/feature"}),
        case(272, "upper case", {"repository": "ACME/erp"}),
        case(272, "longer value", {"repository": "acme/erp2"}),
        case(272, "claim missing", {"ref": None}),
        case(272, "claim as an array", {"repository": ["acme/erp"]}),
        case(272, "claim as true", {"repository": True}),
        case(272, "another audience", {"aud": "https://other.example"}),
        case(272, "no audience", {"aud": None}),
        case(272, "two audiences", {"aud": ["{audience}", "sts.amazonaws.com"]}),
        case(272, "audience as an object", {"aud": {"{audience}": 1}}),
        case(272, "issuer with a slash", {"iss": "{issuer}/"}),
        case(272, "another issuer", {"iss": GITHUB}),
        case(272, "issuer as an array", {"iss": ["{issuer}"]}),
        case(272, "no issuer", {"iss": None}),
        case(273, "no expiry", {"exp": None}),
        case(273, "a day long", {"exp": 2_000_000_000}),
        case(273, "expired", {"exp": 1_000_000_000}),
        case(273, "number as jti", {"jti": 7}),
    ],
)
def test_other_tokens_of_the_issuer_are_refused(job: Workload, changed: dict[str, Any]) -> None:
    text = json.dumps(changed).replace("{audience}", job.audience).replace("{issuer}", job.ci.issuer)
    denied(job.request(**json.loads(text)))


def test_rule_273_a_token_that_the_issuer_did_not_sign_is_refused(job: Workload) -> None:
    job.request().expect(200)
    stranger = new_key("RS256", job.ci.signing_key.kid, number=7)
    denied(job.present(sign(stranger, job.claims(), "RS256")))
    denied(job.present(sign(stranger, job.claims(), "RS256", kid="another")))
    denied(job.present(job.ci.unsigned(job.claims())))


def test_rule_272_a_foreign_issuer_cannot_speak_for_a_client_itself(fetching: World, job: Workload) -> None:
    machine = make_key_client(fetching)
    denied(present(fetching.api, job.ci.sign(machine.claims()), client_id=machine.client_id))
    denied(
        present(fetching.api, job.ci.sign(job.claims(iss=job.client_id, sub=job.client_id)), client_id=job.client_id)
    )
    denied(present(fetching.api, job.ci.sign(job.claims(iss=job.audience)), client_id=job.client_id))


def test_rule_272_the_token_of_a_job_is_none_of_another_client(
    fetching: World, ci: OpenIdProvider, job: Workload
) -> None:
    other = Workload(fetching, ci, claims={"repository": "acme/other"})
    denied(present(fetching.api, job.ci.sign(job.claims()), client_id=other.client_id))
    # Without `client_id` the token names no client.
    denied(present(fetching.api, job.ci.sign(job.claims())))
    denied(present(fetching.api, job.ci.sign(job.claims()), client_id=fetching.other_oauth.client_id))


def test_rule_273_a_token_works_once(job: Workload) -> None:
    for jti in (secrets.token_hex(8), None):
        token = job.ci.sign(job.claims(jti=jti))
        job.present(token).expect(200)
        denied(job.present(token))
        with ThreadPoolExecutor(8) as pool:
            fresh = job.ci.sign(job.claims(jti=jti and secrets.token_hex(8), run_id=secrets.token_hex(4)))
            answers = list(pool.map(lambda _, used=fresh: job.present(used), range(8)))
        assert sorted(answer.status for answer in answers) == [200] + [401] * 7


def test_rule_273_the_metadata_has_to_name_the_issuer(fetching: World, ci: OpenIdProvider) -> None:
    # Each place of its own: what was wrong is not asked for again within a minute.
    faults: list[dict[str, Any]] = [{"issuer": GITHUB}, {"jwks_uri": "http://keys.example"}, {"jwks_uri": 7}]
    for number, wrong in enumerate(faults):
        issuer = f"{ci.issuer}/{number}"
        document = {"issuer": issuer, "jwks_uri": f"{ci.issuer}/jwks"}
        ci.instead[f"/{number}{METADATA}"] = partial(send, status=200, value=document)
        job = Workload(fetching, ci, issuer=issuer)
        ci.instead[f"/{number}{METADATA}"] = partial(send, status=200, value=document | wrong)
        ci.requests.clear()
        denied(job.request(iss=issuer))
        denied(job.request(iss=issuer))
        assert ci.count(f"/{number}{METADATA}") == 1


def test_rule_270_jobs_at_the_same_time_share_one_request(fetching: World, ci: OpenIdProvider) -> None:
    issuer = f"{ci.issuer}/shared"
    ci.instead[f"/shared{METADATA}"] = partial(
        send, status=200, value={"issuer": issuer, "jwks_uri": f"{ci.issuer}/jwks?of=shared"}
    )
    job = Workload(fetching, ci, issuer=issuer)
    ci.requests.clear()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: job.request(iss=issuer), range(8)))
    assert {answer.status for answer in answers} == {200}
    # On several workers each asks once.
    assert ci.count(f"/shared{METADATA}") == ci.count("/jwks") == 1


def test_rule_271_a_removed_workload_ends_the_tokens_of_the_client(fetching: World, job: Workload) -> None:
    token = str(job.request().expect(200).object()["access_token"])
    path = f"/oauth/clients/{job.client_id}/trusts/{job.trust_id}"
    fetching.api.delete(path, bearer=fetching.owner.access).expect(204)
    fetching.api.get("/products", bearer=token).expect(401, "invalid_token")
    denied(job.request())


GOOD = {"issuer": GITHUB, "audience": "https://api.linkxg.com", "claims": {"sub": "repo:acme/erp:ref:refs/heads/main"}}
LAX: dict[str, dict[str, Any]] = {
    "only a branch": {"claims": {"ref": "refs/heads/main"}},
    "only an owner": {"claims": {"repository_owner": "acme"}},
    "no claim": {"claims": {}},
    "wildcard": {"claims": {"sub": "repo:acme/*"}},
    "only a wildcard": {"claims": {"sub": "*"}},
    "empty value": {"claims": {"sub": ""}},
    "claim with a space around": {"claims": {"sub": " repo:acme/erp "}},
    "number as value": {"claims": {"sub": 7}},
    "issuer among the claims": {"claims": {"sub": "x", "iss": GITHUB}},
    "many claims": {"claims": {f"claim{number}": "x" for number in range(9)} | {"sub": "x"}},
    "long value": {"claims": {"sub": "x" * 501}},
    "wildcard as audience": {"audience": "*"},
    "empty audience": {"audience": ""},
    "no https": {"issuer": "http://token.actions.githubusercontent.com"},
    "issuer with a query": {"issuer": f"{GITHUB}?x=1"},
    "issuer with a fragment": {"issuer": f"{GITHUB}#x"},
    "no issuer": {"issuer": "acme"},
    "a slash that GitHub does not write": {"issuer": f"{GITHUB}/"},
    "unknown field": {"subject": "x"},
}


@pytest.mark.parametrize("name", [case(272, name, name) for name in LAX])
def test_workloads_are_named_exactly(world: World, name: str) -> None:
    add_trust(world.api, world.owner, world.oauth.client_id, **(GOOD | LAX[name])).expect(400, "invalid_request")


def test_rule_272_this_service_is_no_foreign_issuer(world: World) -> None:
    own = issuer_of(world.api)
    if own.startswith("https:"):
        for issuer in (own, f"{own}/"):
            add_trust(world.api, world.owner, world.oauth.client_id, **(GOOD | {"issuer": issuer})).expect(
                400, "invalid_request"
            )


def test_rule_272_a_client_trusts_ten_workloads_at_most(world: World) -> None:
    client_id = make_client(world.api, world.owner).client_id
    for number in range(10):
        add_trust(world.api, world.owner, client_id, **(GOOD | {"claims": {"sub": f"job-{number}"}})).expect(201)
    add_trust(world.api, world.owner, client_id, **(GOOD | {"claims": {"sub": "job-10"}})).expect(409, "conflict")


def test_rule_272_a_workload_is_trusted_once(world: World) -> None:
    client_id = make_client(world.api, world.owner).client_id
    add_trust(world.api, world.owner, client_id, **GOOD).expect(201)
    add_trust(world.api, world.owner, client_id, **GOOD).expect(409, "conflict")


def test_rule_272_a_number_is_answered_by_what_the_claim_must_be(world: World) -> None:
    claims = GOOD | {"claims": {"repository_id": 123456}}
    refused = add_trust(world.api, world.owner, world.oauth.client_id, **claims).expect(400, "invalid_request")
    assert refused.object()["error_description"] == "The field claims[...] is not valid: must be a string."
    text = add_trust(world.api, world.owner, world.oauth.client_id, **(GOOD | {"claims": ["sub=x"]})).object()
    assert "must be an object" in text["error_description"]
    methods = set_methods(world.api, world.owner, world.oauth.client_id, ["client_secret_jwt"]).object()
    assert "must be one of client_secret_basic, client_secret_post, private_key_jwt" in methods["error_description"]
