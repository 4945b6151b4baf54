"""Key sets that are out of reach for a while, or too many at once. Security rules 303 and 304."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

import pytest

from attacks.test_client_assertions import denied
from harness.answers import Answer
from harness.client_assertions import KeyClient, add_key, issuer_of, new_key, present, public, sign
from harness.clients import make_client
from harness.openid_provider import METADATA, OpenIdProvider, send
from harness.rows import wait_for_count
from harness.workloads import Workload
from harness.world import World
from linkxg.errors import TemporarilyUnavailable
from linkxg.identity.client_assertions import issuer_keys
from linkxg.identity.client_assertions.issuer_keys import IssuerKeys
from linkxg.identity.federation import providers
from linkxg.identity.federation.fetch import ProviderClient, Reply
from linkxg.identity.federation.provider_fault import ProviderFault, UnknownKeyFault

KEY = new_key("ES256", "first")
SET = {"keys": [public(KEY)]}
ISSUER = "https://issuer.example"
AT_ONCE = 8


def slow(handler: BaseHTTPRequestHandler, value: Any) -> None:
    time.sleep(1)
    send(handler, 200, value)


def client_of(world: World, uri: str) -> KeyClient:
    oauth = make_client(world.api, world.owner)
    add_key(world.api, world.owner, oauth.client_id, jwks_uri=uri).expect(201)
    return KeyClient(world.api, oauth, issuer_of(world.api), KEY)


def test_rule_303_key_sets_beyond_the_requests_at_once_are_read_a_moment_later(
    fetching: World, ci: OpenIdProvider
) -> None:
    machines = []
    for number in range(AT_ONCE):
        ci.instead[f"/cold-{number}"] = partial(send, status=200, value=SET)
        machines.append(client_of(fetching, f"{ci.issuer}/cold-{number}"))
        ci.instead[f"/cold-{number}"] = partial(slow, value=SET)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda machine: present(machine.api, machine.assertion(), allow_503=True), machines))
    assert {answer.status for answer in answers} == {200, 503}, answers
    assert all(answer.header("retry-after") for answer in answers if answer.status == 503)
    for machine, answer in zip(machines, answers, strict=True):
        if answer.status == 503:
            answer.expect(503, "temporarily_unavailable")
            machine.request().expect(200)


def at_once(job: Workload, issuer: str) -> Answer:
    token = job.ci.sign(job.claims(iss=issuer))
    return present(job.world.api, token, allow_503=True, client_id=job.client_id)


def test_rule_303_issuers_beyond_the_requests_at_once_are_read_a_moment_later(
    fetching: World, ci: OpenIdProvider
) -> None:
    jobs = []
    for number in range(AT_ONCE):
        issuer = f"{ci.issuer}/cold-issuer-{number}"
        document = {"issuer": issuer, "jwks_uri": f"{ci.issuer}/jwks?of=cold-{number}"}
        ci.instead[f"/cold-issuer-{number}{METADATA}"] = partial(send, status=200, value=document)
        jobs.append((Workload(fetching, ci, issuer=issuer), issuer))
        ci.instead[f"/cold-issuer-{number}{METADATA}"] = partial(slow, value=document)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda one: at_once(*one), jobs))
    assert {answer.status for answer in answers} == {200, 503}, answers
    for job, issuer in jobs:
        job.request(iss=issuer).expect(200)


def test_rule_304_a_failure_is_its_cause_also_while_it_is_not_repeated(fetching: World, ci: OpenIdProvider) -> None:
    ci.instead["/outage"] = partial(send, status=503, value={})
    machine = client_of(fetching, f"{ci.issuer}/outage")
    ci.requests.clear()
    for _ in range(3):
        denied(machine.request())
    assert ci.count("/outage") == 1
    query = f"SELECT count(*) FROM refused_requests WHERE client_id = '{machine.client_id}'"
    wait_for_count(fetching.server.database, f"{query} AND cause = 'keys_unavailable'", 3)


def test_rule_304_keys_are_read_again_seconds_after_a_failure(fetching: World, ci: OpenIdProvider) -> None:
    ci.instead["/flaky"] = partial(send, status=503, value={})
    machine = client_of(fetching, f"{ci.issuer}/flaky")
    denied(machine.request())
    ci.instead["/flaky"] = partial(send, status=200, value=SET)
    time.sleep(providers.RETRY_S + 0.2)
    machine.request().expect(200)


class Issuer:
    """Answers in place of the network; `clock` is the time of the caches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 10_000.0
        self.reply: Reply | Exception = Reply(200, SET)
        self.metadata: Reply | Exception = Reply(200, {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})
        self.requests = 0
        self.keys = IssuerKeys(cast(ProviderClient, self))
        for module in (providers, issuer_keys):
            monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.clock

    async def get(self, account_id: str, url: str) -> Reply:
        self.requests += 1
        reply = self.metadata if url.endswith(METADATA) else self.reply
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def verify(self, kid: str = "first", *, by_issuer: bool = False) -> str:
        """Outcome of a verification."""
        token = sign(KEY, {"sub": "x"}, kid=kid)
        try:
            if by_issuer:
                await self.keys.verify_by_issuer("account", ISSUER, token)
            else:
                await self.keys.verify_by_key_set("account", f"{ISSUER}/jwks", token)
        except UnknownKeyFault:
            return "unknown key"
        except ProviderFault:
            return "unavailable"
        except TemporarilyUnavailable:
            return "busy"
        finally:
            # A fetch in the background ends.
            for _ in range(5):
                await asyncio.sleep(0)
        return "verified"


OUTAGES = [Reply(503, {}), Reply(200, {"keys": "none"}), ProviderFault("No connection to it could be made.")]


@pytest.mark.any_engine
@pytest.mark.parametrize("outage", OUTAGES, ids=["503", "garbage", "unreachable"])
def test_rule_304_the_last_keys_are_accepted_for_as_long_again(
    monkeypatch: pytest.MonkeyPatch, outage: Reply | Exception
) -> None:
    async def scenario() -> None:
        issuer = Issuer(monkeypatch)
        assert await issuer.verify() == "verified"
        issuer.reply = outage
        issuer.clock += issuer_keys.KEPT_S + 1
        for _ in range(3):
            assert await issuer.verify() == "verified"
        assert issuer.requests == 2
        issuer.clock += providers.RETRY_S + 1
        assert await issuer.verify() == "verified"
        assert issuer.requests == 3
        issuer.clock += issuer_keys.KEPT_S
        assert await issuer.verify() == "unavailable"
        issuer.reply = Reply(200, SET)
        issuer.clock += providers.RETRY_S + 1
        assert await issuer.verify() == "verified"

    asyncio.run(scenario())


@pytest.mark.any_engine
def test_rule_304_keys_that_the_issuer_has_taken_out_are_not_accepted_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        others: list[list[dict[str, Any]]] = [[], [public(KEY, use="enc")]]
        for keys in others:
            issuer = Issuer(monkeypatch)
            assert await issuer.verify() == "verified"
            issuer.reply = Reply(200, {"keys": keys})
            issuer.clock += issuer_keys.KEPT_S + 1
            assert await issuer.verify() == "unavailable"
            assert await issuer.verify() == "unavailable"

    asyncio.run(scenario())


@pytest.mark.any_engine
def test_rule_304_an_invented_key_id_during_an_outage_harms_no_other_assertion(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        issuer = Issuer(monkeypatch)
        assert await issuer.verify() == "verified"
        assert await issuer.verify("invented") == "unknown key"
        issuer.reply = Reply(503, {})
        issuer.clock += providers.REFETCH_S + 1
        assert await issuer.verify("invented") == "unavailable"
        assert await issuer.verify("invented") == "unavailable"
        assert await issuer.verify() == "verified"
        assert issuer.requests == 2

    asyncio.run(scenario())


@pytest.mark.any_engine
def test_rule_303_a_fetch_without_a_slot_was_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        for by_issuer in (False, True):
            issuer = Issuer(monkeypatch)
            good = issuer.reply, issuer.metadata
            issuer.reply = issuer.metadata = TemporarilyUnavailable("too many requests")
            for _ in range(2):
                assert await issuer.verify(by_issuer=by_issuer) == "busy"
            issuer.reply, issuer.metadata = good
            assert await issuer.verify(by_issuer=by_issuer) == "verified"

    asyncio.run(scenario())


@pytest.mark.any_engine
def test_rule_304_what_an_issuer_said_last_is_good_for_as_long_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        issuer = Issuer(monkeypatch)
        assert await issuer.verify(by_issuer=True) == "verified"
        issuer.metadata = Reply(502, {})
        issuer.clock += issuer_keys.KEPT_S + 1
        assert await issuer.verify(by_issuer=True) == "verified"
        issuer.metadata = Reply(200, {"issuer": "https://other.example", "jwks_uri": f"{ISSUER}/jwks"})
        issuer.clock += providers.RETRY_S + 1
        assert await issuer.verify(by_issuer=True) == "unavailable"
        issuer.metadata = Reply(502, {})
        issuer.clock += providers.RETRY_S + 1
        assert await issuer.verify(by_issuer=True) == "unavailable"

    asyncio.run(scenario())
