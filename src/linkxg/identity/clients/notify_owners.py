"""Notifies the account's Owners by mail of clients, their secrets and their authentication: a stolen token suffices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import CLIENT_AUTHENTICATION_CHANGED, CLIENT_CREATED, SECRET_ROTATED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.clients.authentication_methods import format_methods
from linkxg.identity.clients.store import list_client_names

CAN_REQUEST = "whoever holds it can request tokens of the client"


def mail_secret_rotated(notices: SecurityNotices, actor: Actor, account_id: str, client_id: str) -> None:
    by = "by the client itself" if actor.kind == "client" else "by an Owner or Admin"

    def what(conn: Connection) -> str:
        return f"The secret of {client_label(conn, account_id, client_id)} was replaced {by}."

    advice = "If nobody in your account did this, rotate the secret again and revoke the client's tokens."
    notices.owners(actor, account_id, "Secret of an OAuth client rotated", what, kind=SECRET_ROTATED, advice=advice)


def mail_client_created(notices: SecurityNotices, actor: Actor, account_id: str, client_id: str) -> None:
    def what(conn: Connection) -> str:
        label = client_label(conn, account_id, client_id)
        return f"An Owner or Admin created {label}. It has access to your data."

    advice = "If nobody in your account did this, delete the client and check the audit log."
    notices.owners(actor, account_id, "OAuth client created", what, kind=CLIENT_CREATED, advice=advice)


def mail_authentication_changed(
    notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, sentence: Callable[[str], str]
) -> None:
    """`sentence` says what changed, of the client with this name."""
    notices.owners(
        actor,
        account_id,
        "Authentication of an OAuth client changed",
        lambda conn: sentence(client_label(conn, account_id, client_id)),
        kind=CLIENT_AUTHENTICATION_CHANGED,
        advice="If nobody in your account did this, undo it, or disable the client, and check the audit log.",
    )


def mail_client_changed(
    notices: SecurityNotices,
    actor: Actor,
    account_id: str,
    client_id: str,
    changed: Mapping[str, Any],
    hints: Sequence[str] = (),
) -> None:
    """Of what `changed`, with its new values, only that by which the client authenticates is mailed.

    `hints` are of secrets that work again by the change.
    """
    sentences = [_SENTENCES[name](value) for name, value in changed.items() if name in _SENTENCES]
    sentences += [f"Its secret {hint}, which was kept, works again." for hint in hints]
    if sentences:
        mail_authentication_changed(
            notices, actor, account_id, client_id, lambda label: f"Of {label}: {' '.join(sentences)}"
        )


_SENTENCES: dict[str, Callable[[Any], str]] = {
    "methods": lambda methods: f"The methods of authentication are now: {', '.join(format_methods(methods).split())}.",
    "dpop_bound": lambda bound: f"Its tokens {'must' if bound else 'need not'} be bound to a key (DPoP) from now on.",
    "certificate_bound": lambda bound: (
        f"Its tokens {'must' if bound else 'need not'} be bound to a certificate from now on."
    ),
    "cidrs": lambda cidrs: f"It can be used from {', '.join(cidrs) if cidrs else 'any address'} from now on.",
    "self_rotation": lambda may: f"It {'may' if may else 'must not'} rotate its own secret from now on.",
}


def client_label(conn: Connection, account_id: str, client_id: str) -> str:
    """By name, then the id; a client that was deleted meanwhile has no name any more."""
    name = list_client_names(conn, account_id, [client_id]).get(client_id)
    return f"the OAuth client {client_id}" if name is None else f"the OAuth client “{shown(name)}” ({client_id})"
