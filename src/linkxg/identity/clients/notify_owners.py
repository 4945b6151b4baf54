"""Notifies the account's Owners by mail of a new client or secret: a stolen token suffices for one."""

from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import (
    CERTIFICATE_ADDED,
    CLIENT_AUTHENTICATION_CHANGED,
    CLIENT_CREATED,
    SECRET_ROTATED,
)
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.clients.method_model import format_methods
from linkxg.identity.clients.store import list_client_names

AUTHENTICATION_CHANGED = "Authentication of an OAuth client changed"
AUTHENTICATION_ADVICE = "If nobody in your account did this, undo it, or disable the client, and check the audit log."


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


def mail_methods_changed(
    notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, methods: Iterable[str]
) -> None:
    listed = ", ".join(format_methods(methods).split())

    def what(conn: Connection) -> str:
        return f"The methods of authentication of {client_label(conn, account_id, client_id)} are now: {listed}."

    notices.owners(
        actor,
        account_id,
        AUTHENTICATION_CHANGED,
        what,
        kind=CLIENT_AUTHENTICATION_CHANGED,
        advice=AUTHENTICATION_ADVICE,
    )


def mail_certificate_added(notices: SecurityNotices, actor: Actor, account_id: str, client_id: str) -> None:
    def what(conn: Connection) -> str:
        label = client_label(conn, account_id, client_id)
        return f"An Owner or Admin registered a certificate of {label}. Whoever holds its key can act as the client."

    advice = "If nobody in your account did this, remove the certificate, which revokes the tokens bound to it."
    title = "Certificate of an OAuth client registered"
    notices.owners(actor, account_id, title, what, kind=CERTIFICATE_ADDED, advice=advice)


def client_label(conn: Connection, account_id: str, client_id: str) -> str:
    """By name, then the id; a client that was deleted meanwhile has no name any more."""
    name = list_client_names(conn, account_id, [client_id]).get(client_id)
    return f"the OAuth client {client_id}" if name is None else f"the OAuth client “{shown(name)}” ({client_id})"
