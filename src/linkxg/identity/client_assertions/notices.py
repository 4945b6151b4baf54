"""The mails to the Owners about how a client authenticates: whoever adds a key needs no secret any more."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import CLIENT_AUTHENTICATION_CHANGED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.client_assertions.model import JWKS_URI, KEY, Credential, trust_of
from linkxg.identity.clients.notify_owners import AUTHENTICATION_ADVICE, AUTHENTICATION_CHANGED, client_label


def mail_credential_added(
    notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, added: Credential
) -> None:
    def what(conn: Connection) -> str:
        return f"{_named(added)} was added to {client_label(conn, account_id, client_id)}: it can request tokens by it."

    notices.owners(
        actor,
        account_id,
        AUTHENTICATION_CHANGED,
        what,
        kind=CLIENT_AUTHENTICATION_CHANGED,
        advice=AUTHENTICATION_ADVICE,
    )


def mail_credential_removed(
    notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, removed: Credential
) -> None:
    def what(conn: Connection) -> str:
        return f"{_named(removed)} was removed from {client_label(conn, account_id, client_id)}."

    notices.owners(actor, account_id, AUTHENTICATION_CHANGED, what, kind=CLIENT_AUTHENTICATION_CHANGED)


def _named(credential: Credential) -> str:
    name = f"“{shown(credential.name)}”"
    if credential.kind == KEY:
        return f"The key {name}"
    if credential.kind == JWKS_URI:
        return f"The JWKS URI {name}"
    return f"The trusted workload {name} of {shown(trust_of(credential).issuer)}"
