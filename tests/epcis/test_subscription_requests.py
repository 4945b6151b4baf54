"""Which subscriptions are refused, and how many an account may have. Security rules 211 and 217."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.webhook_receiver import WebhookReceiver
from harness.world import World, build_world


@pytest.fixture(scope="module")
def world(engine: str, new_server: ServerFactory, receiver: WebhookReceiver) -> Iterator[World]:
    """A server that may deliver to loopback: else every receiver here would be refused."""
    yield from checked_for_leaks(build_world(new_server(engine, **receiver.settings)))


@pytest.mark.parametrize(
    "changed",
    [
        {"dest": "http://receiver.example.com/"},
        {"dest": "https://127.0.0.1.5/x y"},
        {"dest": "https://user:pass@receiver.example.com/"},
        {"dest": "https://receiver.example.com/#x"},
        {"dest": "https://10.0.0.1/"},
        {"dest": "https://[fd00::1]/"},
        {"dest": "https://169.254.169.254/latest"},
        {"dest": "file:///etc/passwd"},
        {"dest": "https://127.0.0.1./"},
        {"dest": "https://2130706433/"},
        {"dest": "https://0x7f.1/"},
        {"dest": "https://127.1/"},
        {"dest": "https://[v1.a]/"},
        {"dest": "https://a..b/"},
        {"dest": f"https://{'a' * 64}.example.com/"},
        {"stream": None},
        {"stream": False},
        {"schedule": {"hour": "1"}},
        {"reportIfEmpty": True},
        {"signatureToken": None},
        {"signatureToken": "short"},
        {"signatureToken": "ümlaut-ümlaut-ümlaut"},
        {"secret": "another secret than signatureToken"},
        {"initialRecordTime": "yesterday"},
        {"initialRecordTime": "0001-01-01T00:00:00+14:00"},
        {"initialRecordTime": "9999-12-31T23:59:59-14:00"},
        {"stream": None, "schedule": {}},
        {"stream": None, "schedule": {"second": "60"}},
        {"stream": None, "schedule": {"second": "[0-59]"}},
        {"stream": None, "schedule": {"hour": "5-6"}},
        {"stream": None, "schedule": {"month": "2", "dayOfMonth": "30"}},
    ],
)
def test_a_subscription_that_could_not_work_is_refused(made: Any, changed: dict[str, Any]) -> None:
    """Security rule 211."""
    answer = made(**changed).post()
    assert answer.status == 400, answer
    refused = answer.json()
    assert refused["type"] == "epcisException:SubscriptionControlsException"
    (named,) = refused["details"]
    field = {"secret": "signatureToken"}.get(list(changed)[-1], list(changed)[-1])
    assert named["field"].partition(".")[0] in (field, "stream")
    assert named["message"]


@pytest.mark.parametrize("name", ["orderBy", "maxEventCount"])
def test_a_query_with_an_order_or_limit_is_not_subscribed_to(made: Any, name: str) -> None:
    answer = made(query={name: {"orderBy": "eventTime"}.get(name, 5)}).post()
    assert answer.json()["type"] == "epcisException:SubscriptionControlsException"


def test_options_names_the_least_record_time(world: World, made: Any) -> None:
    stream = made().start()
    answer = world.api.request("OPTIONS", stream.address, bearer=world.owner.access).expect(204)
    assert answer.header("gs1-query-min-record-time") == stream.read()["minRecordTime"]
    assert answer.header("allow") == "DELETE, GET, HEAD, OPTIONS"
    answer = world.api.request("OPTIONS", stream.all, bearer=world.owner.access).expect(204)
    assert answer.header("allow") == "GET, HEAD, OPTIONS, POST"


def test_an_account_has_at_most_fifty(world: World, made: Any) -> None:
    """Security rule 217."""
    stream = made()
    statuses = [stream.post().status for _ in range(51)]
    assert statuses.count(409) >= 1
    assert statuses == sorted(statuses)
