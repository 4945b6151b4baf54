"""The nginx configuration of docs/sender-constrained-tokens.md in front of a real server. Security rules 282 to 284."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import ServerFactory, checked_for_leaks
from harness import nginx
from harness.client_certificates import HEADER, ClientCertificate
from harness.clients import make_client
from harness.processes import Process, free_port
from harness.rules import API
from harness.tls import self_signed
from harness.world import World, build_world

PAGE = Path(__file__).parents[2] / "docs" / "sender-constrained-tokens.md"
FRAME = """
pid {directory}/nginx.pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  upstream linkxg {{ server 127.0.0.1:{node}; }}
  {server}
}}
"""

pytestmark = pytest.mark.skipif(nginx.binary() is None, reason=nginx.ABSENT)


@pytest.fixture(scope="module")
def site(new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A world, and the address of the proxy that asks for certificates."""
    directory, port = tmp_path_factory.mktemp("nginx"), free_port()
    certificate, key = self_signed(directory)
    settings = {"LINKXG_TRUSTED_PROXIES": "127.0.0.1/32", "LINKXG_CLIENT_CERT_HEADER": HEADER}
    server = new_server("sqlite", **settings, LINKXG_PUBLIC_URL="https://api.example.test")
    snippet = re.search(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert snippet is not None
    block = snippet[1].replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    file = directory / "nginx.conf"
    file.write_text(FRAME.format(directory=directory, certificate=certificate, key=key, node=server.port, server=block))
    program = nginx.binary()
    assert program is not None
    for world in checked_for_leaks(build_world(server, "100.64.1.7")):
        proxy = Process("nginx", [program, "-c", file, "-g", "daemon off;"], transcript=directory / "nginx.log")
        try:
            yield world, f"https://127.0.0.1:{port}"
        finally:
            proxy.stop()


def test_rule_282_the_documented_proxy_reports_certificates(site: tuple[World, str], tmp_path: Path) -> None:
    world, url = site
    oauth, certificate, other = make_client(world.api, world.owner), ClientCertificate(), ClientCertificate()
    path, owner = f"/oauth/clients/{oauth.client_id}", world.owner.access
    world.api.post(f"{path}/certificates", bearer=owner, json={"certificate": certificate.pem}).expect(201)
    world.api.patch(path, bearer=owner, json={"token_endpoint_auth_methods": ["self_signed_tls_client_auth"]}).expect(
        200
    )
    form = {"grant_type": "client_credentials", "client_id": oauth.client_id}

    def connected(with_certificate: ClientCertificate | None) -> httpx.Client:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if with_certificate is not None:
            context.load_cert_chain(*with_certificate.files(tmp_path))
        transport = httpx.HTTPTransport(verify=context, retries=5)
        return httpx.Client(base_url=url + API, transport=transport, trust_env=False)

    with connected(certificate) as client:
        answer = client.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        token = world.vault.remember("access token", answer.json()["access_token"])
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/products", headers=bearer).status_code == 200
        # What the client writes is replaced, also with its own certificate.
        assert client.get("/products", headers=bearer | dict(other.escaped)).status_code == 200
    for stranger, status in ((other, 401), (None, 400)):
        with connected(stranger) as client:
            assert client.post("/oauth/token", data=form).status_code == status
            for spoofed in ({}, dict(certificate.escaped), dict(certificate.rfc_9440)):
                assert client.post("/oauth/token", data=form, headers=spoofed).status_code == status
                assert client.get("/products", headers=bearer | spoofed).status_code == 401
