"""Checks that a client can still authenticate after a change of its methods, its options or its credentials.

A client needs a credential for one of its methods at least. A secret is always one: a rotation makes another.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from linkxg.clock import now_s
from linkxg.errors import Conflict, InvalidRequest
from linkxg.identity.clients.authentication_methods import (
    BY_SECRET,
    METHODS,
    PRIVATE_KEY_JWT,
    SECRET_BASIC,
    SELF_SIGNED_TLS,
    WORKLOAD_IDENTITY,
    format_methods,
)
from linkxg.identity.clients.certificate_store import list_certificates
from linkxg.identity.clients.credential_store import list_assertion_kinds
from linkxg.identity.clients.model import Client

METHOD_OF_KIND = {"key": PRIVATE_KEY_JWT, "jwks_uri": PRIVATE_KEY_JWT, "workload": WORKLOAD_IDENTITY}
"""The method that each kind of credential for assertions serves."""
_NEEDED = {
    PRIVATE_KEY_JWT: "a key or a JWKS URI",
    WORKLOAD_IDENTITY: "a trusted workload",
    SELF_SIGNED_TLS: "a certificate",
}


def read_methods(methods: Iterable[str]) -> frozenset[str]:
    """Raises InvalidRequest for none, or for one that does not exist."""
    found = frozenset(methods)
    if not found or not found.issubset(METHODS):
        raise InvalidRequest(f"The field token_endpoint_auth_methods must have one or more of: {', '.join(METHODS)}.")
    return found


def check_change(conn: Connection, client: Client, changed: Mapping[str, Any]) -> InvalidRequest | None:
    """The error of methods or options, those that change, that would lock the client out, or mean nothing for it."""
    if client.resource is not None:
        return _check_resource_server(changed)
    methods: frozenset[str] = changed.get("methods", client.methods)
    certificate_bound = changed.get("certificate_bound", client.certificate_bound)
    if not changed.keys() & {"methods", "certificate_bound"} or (methods & BY_SECRET and not certificate_bound):
        return None
    held = frozenset(_usable(conn, client).values())
    if certificate_bound and SELF_SIGNED_TLS not in held:
        return InvalidRequest("Register a certificate first: without one the client could get no token.")
    if not methods & (BY_SECRET | held):
        if methods & _unread(conn, client):
            return InvalidRequest(
                "The keys of its JWKS URI or issuer were never read. Request a token by them first: without them the "
                "client could get no token."
            )
        needed = " or ".join(_NEEDED[method] for method in format_methods(methods).split())
        return InvalidRequest(f"Register {needed} first: without one the client could get no token.")
    return None


def check_removal(conn: Connection, client: Client, credential_id: str) -> Conflict | None:
    """The error of removing the last key, workload or certificate by which the client can get tokens.

    Of a disabled client each can be removed: somebody may have stolen it.
    """
    if client.disabled:
        return None
    held = _usable(conn, client)
    removed = held.pop(credential_id, None)
    left = frozenset(held.values())
    if removed == SELF_SIGNED_TLS and client.certificate_bound and SELF_SIGNED_TLS not in left:
        return Conflict(
            "The tokens of the client must be bound to a certificate, and this is its last one. Register another or "
            "switch the option off first. If it was stolen, disable the client, then remove it."
        )
    if removed in client.methods and not client.methods & (BY_SECRET | left):
        return Conflict(
            "The client could get no token any more. Register another credential or allow another method first. If it "
            "was stolen, disable the client, then remove it."
        )
    return None


def _check_resource_server(changed: Mapping[str, Any]) -> InvalidRequest | None:
    methods = changed.get("methods", frozenset())
    is_bound = changed.get("dpop_bound", False) or changed.get("certificate_bound", False)
    if is_bound or SELF_SIGNED_TLS in methods:
        return InvalidRequest("A resource server gets no tokens, and has no certificates.")
    if methods and SECRET_BASIC not in methods:
        return InvalidRequest("A resource server keeps client_secret_basic, by which it reads the revocation feed.")
    return None


def _usable(conn: Connection, client: Client) -> dict[str, str]:
    """The method of each credential by id, without secrets, expired certificates and unread keys."""
    kinds = list_assertion_kinds(conn, client.account_id, client.id)
    found = {one: METHOD_OF_KIND[kind] for one, (kind, is_known) in kinds.items() if is_known}
    certificates, now = list_certificates(conn, client.account_id, client.id), now_s()
    return found | {one.id: SELF_SIGNED_TLS for one in certificates if one.not_after > now}


def _unread(conn: Connection, client: Client) -> frozenset[str]:
    """The methods of credentials whose keys were never read."""
    kinds = list_assertion_kinds(conn, client.account_id, client.id)
    return frozenset(METHOD_OF_KIND[kind] for kind, is_known in kinds.values() if not is_known)
