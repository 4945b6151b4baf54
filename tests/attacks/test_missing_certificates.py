"""A client with a certificate that connects without it. Security rule 282."""

from __future__ import annotations

from attacks.test_mutual_tls import MUTUAL_TLS_URL, by_certificate, certificate, oauth, proxied
from harness.clients import OAuthClient, make_client
from harness.rows import wait_for_count
from harness.world import World

__all__ = ("certificate", "oauth", "proxied")


def test_rule_282_a_connection_without_the_certificate_is_told_and_recorded(proxied: World, oauth: OAuthClient) -> None:
    unknown = OAuthClient("lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e", "", "", "")
    by_secret = make_client(proxied.api, proxied.owner)
    said = set()
    for client in (oauth, unknown, by_secret):
        answer = by_certificate(proxied.api, client, ()).expect(400, "invalid_request")
        said.add(answer.object()["error_description"])
    (text,) = said
    assert "no valid client certificate arrived on this connection" in text
    assert MUTUAL_TLS_URL in text
    query = "SELECT count(*) FROM refused_requests WHERE client_id = '{}' AND cause = 'certificate_missing'"
    wait_for_count(proxied.server.database, query.format(oauth.client_id), 1)
    # Whatever a stranger sends, their list is not filled by it.
    for _ in range(30):
        by_certificate(proxied.api, oauth, ()).expect(400, "invalid_request")
    wait_for_count(proxied.server.database, query.format(oauth.client_id), 10)
    wait_for_count(proxied.server.database, query.format(by_secret.client_id), 0)
