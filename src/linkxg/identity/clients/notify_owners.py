"""Notifies the account's Owners by mail of a secret rotation: a stolen token suffices for one."""

from linkxg.audit.model import Actor
from linkxg.identity.accounts.security_notices import SecurityNotices


def secret_rotated(notices: SecurityNotices, actor: Actor, account_id: str, client_id: str) -> None:
    by = "the client itself" if actor.kind == "client" else "an Owner or Admin"
    notices.owners(
        actor,
        account_id,
        f"Secret of {client_id} rotated",
        f"The secret of the OAuth client {client_id} was replaced by {by}.",
        advice="If nobody in your organisation did this, rotate the secret again and revoke the client's tokens.\n",
    )
