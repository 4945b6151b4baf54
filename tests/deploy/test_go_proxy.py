"""Go's reverse proxy forwards upgrade offers and keeps its connections: nobody gets another caller's response."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.client import Client
from harness.people import me
from harness.processes import Process, free_port
from harness.raw_http import response_statuses, send_in_pieces
from harness.world import World

ABSENT = "there is no Go here: install the package 'golang-go'"
PROXY = """package main

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	backend, err := url.Parse(os.Args[2])
	if err != nil {
		panic(err)
	}
	// One connection for all visitors.
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(request *httputil.ProxyRequest) { request.SetURL(backend) },
		Transport: &http.Transport{MaxConnsPerHost: 1},
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString("ready\\n")
	panic(http.Serve(listener, proxy))
}
"""
ROUNDS = 8
IDLE_S = 3.0
BUILD_TIMEOUT_S = 300.0


@pytest.fixture
def proxied(engine: str, world: World, tmp_path: Path) -> Iterator[Client]:
    """A client of the general server that comes through the proxy."""
    if engine != "sqlite":
        pytest.skip("the HTTP server is the same on both engines")
    go = shutil.which("go")
    if go is None:
        pytest.skip(ABSENT)
    (tmp_path / "proxy.go").write_text(PROXY)
    built = subprocess.run(
        [go, "build", "-o", "proxy", "proxy.go"],
        cwd=tmp_path,
        env=os.environ | {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
        capture_output=True,
        timeout=BUILD_TIMEOUT_S,
        check=False,
    )
    assert built.returncode == 0, built.stderr.decode()
    port = free_port()
    process = Process("proxy", [str(tmp_path / "proxy"), f"127.0.0.1:{port}", world.server.url])
    try:
        process.wait_for(lambda line: line == "ready")
        with Client(f"http://127.0.0.1:{port}", world.vault) as client:
            yield client
    finally:
        process.stop()


def test_nobody_behind_a_go_proxy_gets_the_answer_to_a_smuggled_request(world: World, proxied: Client) -> None:
    visitor = world.other_owner
    # Slow, so that its answer comes when the connection serves somebody else already.
    credentials = b'{"email":"nobody@example.test","password":"kestrel opens no battery"}'
    smuggled = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(credentials)
    ) + credentials
    # Empty lines before a request are skipped, so it does not matter where the proxy cuts the body.
    body = b"\r\n" * 4_000 + smuggled * 2
    offer = (
        b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    pieces = [offer + body[:5_000], body[5_000:]]
    with ThreadPoolExecutor(1) as pool:
        # Once in some hundred times Go keeps the visitor's connection open although it was asked to close it.
        attacks = [pool.submit(send_in_pieces, proxied, pieces, idle_s=IDLE_S) for _ in range(ROUNDS)]
        while not all(attack.done() for attack in attacks):
            answer = me(proxied, visitor.access).expect(200)
            assert answer.data()["email"] == visitor.person.email
        for attack in attacks:
            assert response_statuses(attack.result()) == [413]
