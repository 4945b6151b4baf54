"""An account with a connected provider, and browsers that sign in by it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from console.browser import Visitor
from harness.answers import Answer
from harness.openid_provider import CLIENT_ID, OpenIdProvider
from harness.people import new_email
from harness.server import Server
from harness.tls import self_signed
from harness.world import World

REFRESH = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
LOOPBACK = {"LINKXG_PROVIDER_NETWORKS": "127.0.0.0/8"}
NAME = "provider.example.test"


def trusting(certificate: Path) -> dict[str, str]:
    """Settings of a server that connects to providers on loopback with this certificate."""
    return LOOPBACK | {"SSL_CERT_FILE": str(certificate)}


@contextmanager
def running_provider(directory: Path, **options: Any) -> Iterator[tuple[OpenIdProvider, Path]]:
    """(the provider, its certificate for loopback, NAME and the provider's host)"""
    certificate, key = self_signed(directory, sorted({NAME, options.get("host", NAME)}))
    provider = OpenIdProvider(certificate, key, **options).start()
    try:
        yield provider, certificate
    finally:
        provider.stop()


def connection(provider: OpenIdProvider, **changed: Any) -> dict[str, Any]:
    """The body of the request that connects it."""
    return {"issuer": provider.issuer, "clientId": CLIENT_ID, "clientSecret": provider.client_secret,
            "defaultRole": "MEMBER"} | changed  # fmt: skip


def connect(world: World, provider: OpenIdProvider, bearer: str | None = None, **changed: Any) -> Answer:
    body = connection(provider, **changed)
    return world.api.request("PUT", "/account/identity-provider", bearer=bearer or world.owner.access, json=body)


def verify_domain(server: Server, account_id: str, domain: str) -> None:
    server.command("domains", "verify", domain, "--account", account_id, "--claim")


class SsoVisitor(Visitor):
    """A browser that is sent to a provider and comes back."""

    def __init__(self, url: str, vault: Any, certificate: Path) -> None:
        super().__init__(url, vault)
        self.outside = httpx.Client(
            verify=ssl.create_default_context(cafile=str(certificate)), trust_env=False, timeout=30.0
        )

    def close(self) -> None:
        super().close()
        self.outside.close()

    def begin(self, email: str, target: str = "/") -> str:
        """The address at the provider that the browser is sent to."""
        page = self.get(f"/sign-in/sso?next={target}")
        answer = self.fill(page, "/sign-in/sso", email=email)
        found = REFRESH.search(answer.text)
        assert found is not None, answer.text
        return unescape(found[1])

    def at_provider(self, url: str) -> str:
        """Sign in there; the path and query that the browser is sent back to."""
        answer = self.outside.get(url)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}" == self.url
        return f"{back.path}?{back.query}"

    def come_back(self, path: str) -> httpx.Response:
        return self.get(path, headers={"Sec-Fetch-Site": "cross-site"})

    def sign_on(self, email: str, target: str = "/") -> httpx.Response:
        """The whole way."""
        return self.come_back(self.at_provider(self.begin(email, target)))

    def is_signed_in(self) -> bool:
        return self.get("/account/sessions").status_code == 200


def address_of(domain: str) -> str:
    """An address of this domain that nobody has yet."""
    return f"{new_email('sso').partition('@')[0]}@{domain}"
