"""The mails to the Owners about the keys and workloads of a client: whoever adds a key needs no secret any more."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.client_assertions.model import JWKS_URI, KEY, Credential, trust_of
from linkxg.identity.clients.notify_owners import CAN_REQUEST, mail_authentication_changed


def mail_credential_added(
    notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, added: Credential
) -> None:
    mail_authentication_changed(
        notices, actor, account_id, client_id, lambda label: f"{_named(added)} was added to {label}: {CAN_REQUEST}."
    )


def mail_credential_removed(
    notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, removed: Credential
) -> None:
    mail_authentication_changed(
        notices, actor, account_id, client_id, lambda label: f"{_named(removed)} was removed from {label}."
    )


def _named(credential: Credential) -> str:
    name = f"“{shown(credential.name)}”"
    if credential.kind == KEY:
        return f"The key {name}"
    if credential.kind == JWKS_URI:
        return f"The JWKS URI {name}"
    return f"The trusted workload {name} of {shown(trust_of(credential).issuer)}"
