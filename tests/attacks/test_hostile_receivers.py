"""Receivers that answer slowly, without end or with bombs hold up nobody else, and cost what their deadline bounds.

Security rules 212 and 213.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

import psutil
import pytest

from conftest import ServerFactory, checked_for_leaks
from epcis.documents import CONTEXT, object_event
from epcis.subscribed import Subscribed
from harness.dns_server import DnsServer
from harness.hostile_receiver import HostileReceiver
from harness.world import World, build_world
from network.partners import new_account

OK = b"HTTP/1.1 200 OK\r\n"
MIB = 1024 * 1024
BOMB = gzip.compress(b"\0" * (64 * MIB))


def endless(first: bytes, again: bytes, pause: float = 0.0) -> Iterator[bytes]:
    yield first
    while True:
        yield again
        time.sleep(pause)


ANSWERS = {
    "/slow-head": lambda: endless(OK, b"X: y\r\n", 0.5),
    "/slow-bytes": lambda: endless(b"HTTP/1.1 200 O", b"K", 0.5),
    "/endless-head": lambda: endless(OK, b"X-Long: " + b"y" * 60_000 + b"\r\n"),
    "/endless-line": lambda: endless(OK + b"X-Long: ", b"y" * 60_000),
    "/endless-interim": lambda: endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000),
    "/endless-early-hints": lambda: endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 2_000),
    "/endless-body": lambda: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"FFFF\r\n" + b"z" * 65_535 + b"\r\n"),
    "/endless-length": lambda: endless(OK + b"Content-Length: 99999999999\r\n\r\n", b"z" * 65_535),
    "/slow-body": lambda: endless(OK + b"Content-Length: 100\r\n\r\n", b"z", 0.5),
    "/bomb": lambda: iter([OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB]),
    "/switch": lambda: endless(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b"z" * 65_535
    ),
    "/garbage": lambda: endless(b"", b"\0" * 65_535),
    "/redirect": lambda: iter([
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n"
    ]),
    "/closes": lambda: iter([b""]),
}  # fmt: skip
"""/never has no answer at all."""
ACCEPTED = {"/endless-body", "/endless-length", "/slow-body", "/bomb"}
"""A status of 200 is all that is read."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileReceiver]:
    receiver = HostileReceiver(tmp_path_factory.mktemp("hostile"))
    receiver.answers |= ANSWERS | {"/accepts": lambda: iter([OK + b"Content-Length: 0\r\n\r\n"])}
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def world(new_server: ServerFactory, hostile: HostileReceiver) -> Iterator[World]:
    yield from checked_for_leaks(build_world(new_server("sqlite", **hostile.settings)))


@pytest.mark.parametrize("path", list(ANSWERS))
def test_rule_213_no_answer_costs_more_than_its_head(world: World, hostile: HostileReceiver, path: str) -> None:
    """A flood of interim responses once took a whole processor for ten seconds."""
    process = psutil.Process(world.server.process.pid)
    before = used(process)
    stream = Subscribed(world, hostile, dest=hostile.url + path).start()
    stream.capture(1)
    deadline = time.monotonic() + 30
    while "lastNotifiedAt" not in (found := stream.read()) and not found["failedAttempts"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    stream.end()
    seconds, size = used(process)
    assert seconds - before[0] < 4, "of ten seconds"
    assert size - before[1] < 32 * MIB
    assert ("lastNotifiedAt" in found) is (path in ACCEPTED), found


def used(process: psutil.Process) -> tuple[float, int]:
    """(CPU seconds, memory), with those of its workers."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family), sum(one.memory_info().rss for one in family)


def test_rule_213_many_hostile_receivers_delay_no_other_account(world: World, hostile: HostileReceiver) -> None:
    bad = [Subscribed(world, hostile, dest=hostile.url + path).start() for path in ("/never", *ANSWERS)]
    other = new_account(world)
    good = Subscribed(world, hostile, other.access, query={}, dest=f"{hostile.url}/accepts").start()
    for one in bad:
        one.capture(1)
    began = time.monotonic()
    world.api.post("/epcis/events", bearer=other.access, json={"@context": [CONTEXT], **object_event()}).expect(201)
    while not hostile.requests["/accepts"]:
        assert time.monotonic() - began < 30
        time.sleep(0.05)
    assert time.monotonic() - began < 8, "before the first deadline of those that do not answer"
    for one in (*bad, good):
        one.end()


def test_rule_212_an_attempt_looks_its_name_up_once_and_goes_where_it_was_checked(
    new_server: ServerFactory,
    hostile: HostileReceiver,
) -> None:
    """DNS rebinding: the second look-up would give an address that may not be connected to."""
    resolver = DnsServer().start()
    settings = hostile.settings | {
        "LINKXG_WEBHOOK_NETWORKS": "127.0.0.1/32",
        "LINKXG_DNS_SERVER": resolver.address,
    }
    world = build_world(new_server("sqlite", **settings))
    name = "receiver.example.test"
    port = hostile.url.rpartition(":")[2]

    def attempt(*answers: list[str]) -> str:
        resolver.set(name, "A", *answers)
        stream = Subscribed(world, hostile, dest=f"https://{name}:{port}/rebound").start()
        error = world.api.post(f"{stream.address}/test", bearer=world.owner.access).expect(200).object()["error"]
        stream.capture(1)
        stream.end()
        return str(error)

    # The connection is made, and ends at the certificate, which is for another name.
    assert attempt(["127.0.0.1"], ["127.0.0.9"]) == "Its TLS certificate is not valid for its name."
    refused = "It is at a private or reserved address, to which this service does not connect."
    for answers in (["127.0.0.9"], ["127.0.0.1", "127.0.0.9"], ["169.254.169.254"], ["10.0.0.1", "127.0.0.1"]):
        assert attempt(answers) == refused
    assert hostile.requests["/rebound"] == 0
    world.close()
    world.server.close()
    resolver.stop()


def test_rule_212_the_networks_of_providers_are_not_those_of_receivers(
    new_server: ServerFactory,
    hostile: HostileReceiver,
) -> None:
    resolver = DnsServer().start()
    resolver.set("receiver.example.test", "A", ["127.0.0.1"])
    settings = {"LINKXG_PROVIDER_NETWORKS": "127.0.0.0/8", "LINKXG_DNS_SERVER": resolver.address}
    world = build_world(new_server("sqlite", **settings))
    port = hostile.url.rpartition(":")[2]
    stream = Subscribed(world, hostile, dest=f"https://receiver.example.test:{port}/x").start()
    stream.capture(1)
    assert stream.wait_for(failedAttempts=1)["lastError"] == (
        "It is at a private or reserved address, to which this service does not connect."
    )
    world.close()
    world.server.close()
    resolver.stop()
