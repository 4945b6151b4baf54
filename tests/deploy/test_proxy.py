"""`deploy/nginx/nginx.conf` as a real nginx in front of two real nodes."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import GENERAL, DatabaseFactory
from harness import nginx
from harness.answers import Answer
from harness.client import Client
from harness.clients import request_token
from harness.concurrency import WORKER_DIGITS, Load, seconds_until
from harness.nginx import Nginx
from harness.nodes import Nodes
from harness.people import invite
from harness.rules import API
from harness.tls import self_signed
from harness.vault import Vault
from harness.world import World
from imports.files import IMPORTS, TYPES
from password_reset.links import link_for

ELSEWHERE = "127.0.0.9"
"""A caller's address: nginx itself comes to the nodes from 127.0.0.1."""
MIB = 1024 * 1024
UPLOAD = 100 * MIB
HEADERS = 32 * 1024
BACK_S = 5.0
SILENT_S = 10.0
"""How long nginx waits for a node that says nothing."""
OVER_THAT = 13
ASKERS, CHANGERS = 6, 3


class Site:
    """Two nodes on one PostgreSQL behind nginx; `world` goes through it."""

    def __init__(self, directory: Path, nodes: Nodes, proxy: Nginx) -> None:
        self.proxy = proxy
        first = nodes.add()
        account = first.bootstrap("Acme GmbH")
        first.start()
        self.nodes = (first, nodes.add().start())
        proxy.configure([node.port for node in self.nodes]).start()
        self.world = World(first, account, self.client())

    def client(self) -> Client:
        return Client(self.proxy.url, self.nodes[0].vault)

    @contextlib.contextmanager
    def clients(self, number: int) -> Iterator[list[Client]]:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.client()) for _ in range(number)]

    def events(self, answer: Answer | httpx.Response) -> list[dict[str, Any]]:
        """The nodes' log lines of this request."""
        found = answer.header("x-request-id") if isinstance(answer, Answer) else answer.headers["x-request-id"]
        lines = [event for node in self.nodes if node.running for event in node.log_events("request")]
        return [event for event in lines if event["request_id"] == found]

    def lines(self) -> list[dict[str, Any]]:
        """nginx's log."""
        return [json.loads(line) for line in self.proxy.log.read_text().splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, new_database: DatabaseFactory) -> Iterator[Site]:
    if nginx.binary() is None:
        pytest.skip(nginx.ABSENT)
    directory = tmp_path_factory.mktemp("proxy")
    proxy = Nginx(directory, *self_signed(directory))
    settings = {"LINKXG_PUBLIC_URL": proxy.url, "LINKXG_TRUSTED_PROXIES": "127.0.0.1/32"}
    nodes = Nodes(directory, new_database("postgres"), Vault(), GENERAL | settings)
    try:
        made = Site(directory, nodes, proxy)
        yield made
        made.world.close()
    finally:
        proxy.stop()
        nodes.close()


@pytest.fixture
def world(site: Site) -> World:
    return site.world


def from_elsewhere(site: Site, **options: Any) -> httpx.Response:
    transport = httpx.HTTPTransport(local_address=ELSEWHERE, verify=False)
    with httpx.Client(base_url=site.proxy.url, transport=transport) as http:
        return http.request("GET", "/healthz", **options)


def test_nginx_finds_nothing_wrong_with_the_file(site: Site) -> None:
    code, said = site.proxy.check()
    assert code == 0, said
    assert "[warn]" not in said


def test_both_nodes_share_their_data(site: Site, world: World) -> None:
    product = world.api.post("/products", bearer=world.owner.access, json={"sku": "P-1", "content": {"name": "Bolt"}})
    path = f"/products/{product.expect(201).object()['data']['id']}"
    token = world.token()
    answers = [world.api.get(path, bearer=token).expect(200) for _ in range(8)]
    assert len({(answer.header("x-request-id") or "")[:WORKER_DIGITS] for answer in answers}) == 2


def test_the_source_is_the_caller_whatever_its_headers_claim(site: Site) -> None:
    for claims in (
        {},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7", "X-Real-IP": "203.0.113.7"},
    ):
        answer = from_elsewhere(site, headers=claims)
        seconds_until(lambda answer=answer: bool(site.events(answer)), within=BACK_S)
        assert [event["source"] for event in site.events(answer)] == [ELSEWHERE]


def test_tls_ends_here_and_nothing_is_served_in_the_clear(site: Site) -> None:
    secure = from_elsewhere(site, headers={"X-Forwarded-Proto": "http"})
    assert secure.status_code == 200
    assert "max-age=31536000" in secure.headers["strict-transport-security"]
    with Client(site.proxy.plain_url, site.nodes[0].vault) as plain:
        plain.post("/oauth/token", form={"grant_type": "client_credentials"}).expect(400, "invalid_request")
    moved = httpx.get(f"{site.proxy.plain_url}/products?q=bolt", trust_env=False)
    assert (moved.status_code, moved.headers["location"]) == (308, "https://127.0.0.1/products?q=bolt")


def test_metrics_are_not_exposed(world: World) -> None:
    world.api.get("//metrics").expect(404, "not_found")


def test_header_fields_are_bounded_by_the_nodes(site: Site, world: World) -> None:
    """What they take passes; what they do not is refused with an answer of the usual form, one large field or many."""
    taken = world.api.get("/products", bearer=world.token(), headers={"X-Large": "x" * (HEADERS - 2_048)}).expect(200)
    seconds_until(lambda: bool(site.events(taken)), within=BACK_S)
    many = [(f"X-Large-{number}", "x" * 4_000) for number in range(9)]
    world.api.get("/products", bearer=world.token(), headers=many).expect(431, "header_fields_too_large")
    one = {"X-Large": "x" * (HEADERS + 1_024)}
    world.api.get("/products", bearer=world.token(), headers=one).expect(400, "invalid_request")


def test_bodies_are_bounded_by_the_nodes(site: Site, world: World) -> None:
    for size in (257 * 1024, MIB):
        body = b'{"sku": "' + b"x" * size + b'"}'
        headers = {"Content-Type": "application/json"}
        refused = world.api.post("/products", bearer=world.owner.access, content=body, headers=headers)
        refused.expect(413, "payload_too_large")


def large_file(rows: int) -> bytes:
    """Nearly a MiB each, none of which becomes a product."""
    return b"sku,name\n" + b"".join(b"L-%d,%b\n" % (number, b"x" * (MIB - 64)) for number in range(rows))


def send(site: Site, content: bytes, bearer: str | None) -> Answer:
    with site.client() as client:
        return client.post(IMPORTS, bearer=bearer, content=content, headers={"Content-Type": TYPES["csv"]})


def test_a_large_file_is_imported(site: Site, world: World) -> None:
    content = large_file(24)
    assert len(content) > 23 * MIB
    job = send(site, content, world.owner.access).expect(202).object()["data"]
    ended = world.api.get(f"{IMPORTS}/{job['id']}?wait=20", bearer=world.owner.access).expect(200).object()["data"]
    assert (ended["bytesTotal"], ended["failed"]) == (len(content), 24)


def test_a_rejected_file_is_rejected_before_it_is_sent(site: Site, world: World) -> None:
    """nginx has neither laid it on its disk nor cut off the answer."""
    content = bytes(UPLOAD + 1)
    send(site, content, world.owner.access).expect(413, "payload_too_large")
    send(site, content, None).expect(401, "invalid_token")
    send(site, bytes(UPLOAD + 2 * MIB), world.owner.access).expect(413, "payload_too_large")


class Dripping:
    """An upload that is under way until somebody lets it end."""

    def __init__(self, site: Site, bearer: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._connection = http.client.HTTPSConnection("127.0.0.1", site.proxy.port, context=context, timeout=30)
        self._connection.putrequest("POST", API + IMPORTS)
        fields = {"Authorization": f"Bearer {bearer}", "Content-Type": TYPES["csv"], "Transfer-Encoding": "chunked"}
        for name, value in fields.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        self.send(b"sku,name\n")

    def send(self, part: bytes) -> None:
        self._connection.send(b"%x\r\n%b\r\n" % (len(part), part))

    def end(self) -> int:
        """The status that the file is answered with."""
        self._connection.send(b"0\r\n\r\n")
        response = self._connection.getresponse()
        response.read()
        return response.status

    def close(self) -> None:
        self._connection.close()


def test_a_slow_upload_is_streamed_and_its_job_can_be_polled(site: Site, world: World) -> None:
    """The job is there before its file is; whoever waits for it hears nothing for longer than a node may be silent."""
    bearer = world.owner.access

    def uploading() -> list[dict[str, Any]]:
        jobs = world.api.get(IMPORTS, bearer=bearer).expect(200).object()["data"]
        return [job for job in jobs if job["status"] == "UPLOADING"]

    with contextlib.closing(Dripping(site, bearer)) as slow:
        slow.send(b"S-1," + b"x" * 70_000 + b"\n")
        seconds_until(lambda: bool(uploading()), within=BACK_S)
        (job,) = uploading()
        with ThreadPoolExecutor(1) as pool, site.client() as client:
            waiting = pool.submit(client.get, f"{IMPORTS}/{job['id']}?wait={OVER_THAT}", bearer=bearer)
            while not waiting.done():
                slow.send(b"S-2,Bolt\n")
                time.sleep(1)
            answer = waiting.result().expect(200)
        assert answer.seconds > SILENT_S
        assert answer.object()["data"]["status"] == "UPLOADING"
        assert slow.end() == 202


def test_reads_survive_the_death_of_a_node(site: Site, world: World) -> None:
    """Questions are asked again at the other node. A change under way may be lost, and is answered with 503."""
    dying = site.nodes[1]
    token = world.token()
    lost: list[Answer] = []

    def asking(client: Client) -> Callable[[], object]:
        return lambda: client.get("/products", bearer=token).expect(200)

    def changing(client: Client) -> Callable[[], object]:
        def change() -> None:
            body = {"sku": f"K-{time.monotonic_ns()}", "content": {"name": "Bolt"}}
            answer = client.post("/products", bearer=world.owner.access, json=body, allow_503=True)
            answer.expect_one_of((201, None), (503, "temporarily_unavailable"))
            if answer.status == 503:
                lost.append(answer)

        return change

    with (
        site.clients(ASKERS) as askers,
        site.clients(CHANGERS) as changers,
        Load([*map(asking, askers), *map(changing, changers)]) as load,
    ):
        load.wait_for_everybody(3)
        dying.kill()
        load.wait_for_everybody(20)
        dying.start()
        load.wait_for_everybody(20)
    assert len(lost) <= CHANGERS
    workers = {str(event["request_id"])[:WORKER_DIGITS] for event in dying.log_events("request")}

    def back() -> bool:
        answer = world.api.get("/products", bearer=token).expect(200)
        return (answer.header("x-request-id") or "")[:WORKER_DIGITS] in workers

    seconds_until(back, within=BACK_S)


def test_reads_are_answered_while_a_node_is_silent(site: Site, world: World) -> None:
    silent = site.nodes[1]
    token = world.token()
    with site.clients(4) as clients, ThreadPoolExecutor(4) as pool:
        silent.process.signal_group(signal.SIGSTOP)
        try:
            answers = list(pool.map(lambda client: client.get("/products", bearer=token).expect(200), clients))
        finally:
            silent.process.signal_group(signal.SIGCONT)
    assert SILENT_S < max(answer.seconds for answer in answers) < SILENT_S + BACK_S


def test_without_any_node_the_answer_is_503(site: Site, world: World) -> None:
    for node in site.nodes:
        node.stop()
    world.api.get("/products", bearer="none", allow_503=True).expect(503, "temporarily_unavailable")
    for node in site.nodes:
        node.start()
    seconds_until(lambda: world.api.get("//readyz", allow_503=True).status == 200, within=BACK_S)


def test_the_access_log_has_source_and_path_and_no_secret(site: Site, world: World) -> None:
    """Neither while all is well nor of a node that is gone, whose requests nginx would otherwise quote."""
    vault = world.vault
    client_token, query = world.token(), vault.invent("access token in an address")
    request_token(world.api, world.oauth).expect(200)
    _, invitation = invite(world.api, world.owner, "VIEWER", "nora@example.test")
    world.api.get(f"//invitations/{invitation}").expect(200)
    link = link_for(world, world.person())
    site.nodes[1].kill()
    for _ in range(4):
        world.api.get(f"//password-reset/{link}").expect(200)
        world.api.get(f"/products?access_token={query}", bearer=client_token).expect(400, "invalid_request")
        world.api.get(f"//invitations/{invitation}").expect(200)
    for link in ("/sign-up/lxgsup_", "/connections/invitations/lxginv_", "/email-changes/lxgeml_"):
        # Pages that say so: no link is live.
        httpx.get(world.api.url + vault.invent("token of a link", prefix=link), verify=False, trust_env=False)
    site.nodes[1].start()
    written = site.proxy.log.read_bytes()
    assert vault.found_in(written) == set()
    paths = {line["path"] for line in site.lines()}
    assert {
        "/invitations/-",
        "/sign-up/-",
        "/email-changes/-",
        "/connections/invitations/-",
        "/password-reset/-",
        f"{API}/products",
        f"{API}/oauth/token",
    } <= paths
    assert any("," in line["node"] for line in site.lines()), "a request that went to the dead node first"
