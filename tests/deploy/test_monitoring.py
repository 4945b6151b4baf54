"""Monitors reach a node behind a proxy over plain HTTP, and nobody else reads its metrics that way."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import ServerFactory
from harness.concurrency import seconds_until
from harness.processes import Process, free_port
from harness.server import Server

TOKEN = "metrics-token-for-monitors-0123456789"
ENDPOINTS = ("/healthz", "/readyz", "/metrics")
FORWARDING = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Proto": "http"},
    {"X-Forwarded-Host": "api.acme.example"},
    {"Forwarded": "for=203.0.113.7"},
    {"Via": "1.1 proxy"},
    {"X-Real-IP": "203.0.113.7"},
]
SCRAPED_S = 20.0


@pytest.fixture(scope="module")
def node(new_server: ServerFactory) -> Iterator[Server]:
    """As operations.md sets it up: TLS ends at a proxy of this machine."""
    server = new_server(
        LINKXG_TRUSTED_PROXIES="127.0.0.1/32",
        LINKXG_PUBLIC_URL="https://api.acme.example",
        LINKXG_METRICS_TOKEN=TOKEN,
    )
    server.data_dir.chmod(0o700)
    server.bootstrap("Acme GmbH")
    server.start()
    yield server
    server.close()


def ask(node: Server, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{node.url}{path}", headers=headers)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_loopback_monitors_are_answered_over_plain_http(node: Server, path: str) -> None:
    assert ask(node, path).status_code == 200
    assert httpx.head(f"{node.url}{path}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/products", "/api/v1/oauth/token", "/jwks.json", "/healthz/", "/metrics/x"]
)
def test_everything_else_needs_https(node: Server, path: str) -> None:
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
        assert ask(node, path, **headers).status_code == 400
    assert httpx.post(f"{node.url}/api/v1/oauth/token", data={"grant_type": "x"}).status_code == 400


@pytest.mark.parametrize("headers", FORWARDING, ids=lambda headers: "-".join(headers))
def test_proxied_requests_are_not_local(node: Server, headers: dict[str, str]) -> None:
    for path in ENDPOINTS:
        assert ask(node, path, **headers).status_code == 400, "plain HTTP"
    by_https = headers | {"X-Forwarded-Proto": "https"}
    assert ask(node, "/metrics", **by_https).status_code == 401, "metrics are not open to whoever comes by the proxy"
    assert ask(node, "/metrics", **by_https, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert ask(node, "/healthz", **by_https).status_code == 200


@pytest.mark.parametrize(
    ("version", "host", "status"),
    [
        ("1.1", "localhost", 200),
        ("1.1", "LocalHost:8000", 200),
        ("1.1", "127.0.0.1:1", 200),
        ("1.1", "[::1]:8000", 200),
        ("1.1", "api.acme.example", 401),
        ("1.1", "backend", 401),
        ("1.1", "127.0.0.1.acme.example", 401),
        ("1.1", "localhost.acme.example:80", 401),
        ("1.0", "127.0.0.1", 401),
    ],
)
def test_a_silent_proxy_of_this_machine_does_not_open_the_metrics(
    node: Server, version: str, host: str, status: int
) -> None:
    def asked(path: str, *fields: str) -> int:
        with socket.create_connection(("127.0.0.1", node.port), timeout=10) as connection:
            lines = [f"GET {path} HTTP/{version}", f"Host: {host}", "Connection: close", *fields, "", ""]
            connection.sendall("\r\n".join(lines).encode())
            return int(connection.makefile("rb").readline().split()[1])

    assert asked("/metrics") == status
    assert asked("/metrics", f"Authorization: Bearer {TOKEN}") == 200
    assert asked("/healthz") == 200


def test_the_media_type_of_metrics_has_one_charset(node: Server) -> None:
    assert ask(node, "/metrics").headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"


def test_the_refusal_of_plain_http_says_what_a_proxy_must_send(node: Server) -> None:
    answer = ask(node, "/jwks.json")
    assert answer.status_code == 400
    assert "X-Forwarded-Proto: https" in answer.text
    assert ask(node, "/jwks.json", **{"X-Forwarded-Proto": "https"}).status_code != 400


def test_the_metrics_token_is_accepted_only_from_monitor_networks(new_server: ServerFactory) -> None:
    # A peer of this test is a loopback address whatever it binds to, so the decision itself is asked.
    import ipaddress

    from linkxg.http.plain_http import PlainHttp

    bearer = [(b"authorization", b"Bearer " + TOKEN.encode())]
    plain = PlainHttp(ENDPOINTS, TOKEN, [ipaddress.ip_network("10.9.0.0/16"), ipaddress.ip_network("fd00:9::/64")])
    for peer in ("10.9.0.1", "fd00:9::1", "::ffff:10.9.0.1"):
        assert plain.allows("/metrics", (peer, 1), bearer)
        assert not plain.allows("/metrics", (peer, 1), [])
        assert not plain.allows("/metrics", (peer, 1), [(b"authorization", b"Bearer wrong")])
        assert not plain.allows("/metrics", (peer, 1), bearer * 2)
        assert not plain.allows("/metrics", (peer, 1), [*bearer, (b"x-forwarded-for", b"10.9.0.2")])
        assert not plain.allows("/api/v1/products", (peer, 1), bearer)
    assert not plain.allows("/metrics", ("10.8.0.1", 1), bearer)
    assert not PlainHttp(ENDPOINTS, "", [ipaddress.ip_network("10.9.0.0/16")]).allows("/healthz", ("10.9.0.1", 1), [])
    done = new_server(LINKXG_MONITORING_NETWORKS="10.9.0.0/16", LINKXG_METRICS_TOKEN="").try_command("migrate")
    assert done.returncode == 2
    assert b"LINKXG_METRICS_TOKEN" in done.stderr


def test_the_doctor_reports_no_problem(node: Server) -> None:
    findings = json.loads(node.command("doctor", "--json", "--port", str(node.port)))
    assert [one for one in findings if one["level"] == "problem"] == []
    assert "the service answers" in next(one["says"] for one in findings if one["check"] == "address")


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no prometheus here: install the package")
def test_prometheus_scrapes_a_node_as_the_page_says(node: Server, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    start = page.index("  scrape_configs:\n")
    lines = page[start : page.index("  ```", start)].splitlines()
    text = "\n".join(line.removeprefix("  ") for line in lines).replace("127.0.0.1:8000", f"127.0.0.1:{node.port}")
    (tmp_path / "prometheus.yml").write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n{text}\n")
    port = free_port()
    program = Process(
        "prometheus",
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{port}"],
        working_directory=tmp_path,
    )  # fmt: skip
    try:
        program.wait_for(lambda line: "Server is ready to receive web requests" in line)
        query = urllib.parse.urlencode({"query": 'up{job="linkxg"}'})

        def up() -> bool:
            found = httpx.get(f"http://127.0.0.1:{port}/api/v1/query?{query}").json()["data"]["result"]
            return [one["value"][1] for one in found] == ["1"]

        seconds_until(up, within=SCRAPED_S)
        query = urllib.parse.urlencode({"query": "sum(linkxg_requests_total)"})
        found = httpx.get(f"http://127.0.0.1:{port}/api/v1/query?{query}").json()["data"]["result"]
        assert float(found[0]["value"][1]) > 0
    finally:
        program.kill()
