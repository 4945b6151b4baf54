"""A client's options that bind its tokens to their sender."""

from typing import Any

from sqlalchemy import Connection

from linkxg.errors import InvalidRequest
from linkxg.identity.clients.certificate_store import count_certificates
from linkxg.identity.clients.method_model import SECRET_BASIC, SELF_SIGNED_TLS
from linkxg.identity.clients.model import Client


def sender_options(dpop_bound: bool | None, certificate_bound: bool | None) -> dict[str, Any]:
    """The values to store; None leaves a field as it is."""
    values: dict[str, Any] = {}
    if dpop_bound is not None:
        values["dpop_bound"] = dpop_bound
    if certificate_bound is not None:
        values["certificate_bound"] = certificate_bound
    return values


def check_sender_options(conn: Connection, client: Client, values: dict[str, Any]) -> InvalidRequest | None:
    """The error of options that would lock the client out, or mean nothing for it."""
    methods = values.get("methods", frozenset())
    is_bound = values.get("dpop_bound", False) or values.get("certificate_bound", False)
    if client.resource is not None and (is_bound or SELF_SIGNED_TLS in methods):
        return InvalidRequest("A resource server gets no tokens, and has no certificates.")
    if client.resource is not None and methods and SECRET_BASIC not in methods:
        return InvalidRequest("A resource server keeps client_secret_basic, by which it reads the revocation feed.")
    needs_certificate = values.get("certificate_bound", False) or methods == {SELF_SIGNED_TLS}
    if needs_certificate and not count_certificates(conn, client.account_id, client.id):
        return InvalidRequest("Register a certificate first: without one the client could get no token.")
    return None
