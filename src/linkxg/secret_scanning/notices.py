"""Tells the Owners by mail which credentials of their account were found in public."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.crypto.find_secrets import KINDS
from linkxg.crypto.secrets import CLIENT_SECRET, REFRESH_TOKEN, SCIM_TOKEN
from linkxg.identity.accounts.mail_text import label_of, shown
from linkxg.identity.accounts.notice_kinds import CREDENTIAL_LEAKED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user
from linkxg.identity.clients.notify_owners import client_label
from linkxg.identity.clients.store import find_account_client
from linkxg.identity.scim.token_store import find_tokens_by_digest
from linkxg.secret_scanning.credential_types import LeakedCredential, Revocation
from linkxg.secret_scanning.leak_location import LeakLocation

NAMED = 10
_REVOKED = "Credential found in public and revoked"
_ENDED = "Credential found in public that had ended"
_ADVICE = (
    "Whoever has read it may have used it: check the audit log, also for secrets that nobody in your account has "
    "rotated. Give programs a new secret, and remove the old one from where it was found."
)


class Leak(NamedTuple):
    """What was found where, and what the report of it has revoked."""

    credential: LeakedCredential
    location: LeakLocation
    revocation: Revocation

    @property
    def has_revoked(self) -> bool:
        return self.revocation.was_live or bool(self.revocation.successors)


def mail_credentials_leaked(notices: SecurityNotices, actor: Actor, account_id: str, leaked: Sequence[Leak]) -> None:
    """One mail for all of a report."""

    def what(conn: Connection) -> str:
        sentences = [_sentences(conn, actor, account_id, one) for one in leaked[:NAMED]]
        if len(leaked) > NAMED:
            sentences.append(f"And {len(leaked) - NAMED:,} more, which the audit log names.")
        clients = {one.credential.target for one in leaked[:NAMED] if one.credential.kind == CLIENT_SECRET}
        sentences += [f"{notices.public_url}/account/api-access/{client_id}" for client_id in sorted(clients)]
        return "\n".join(sentences)

    subject = _REVOKED if any(one.has_revoked for one in leaked) else _ENDED
    notices.owners(actor, account_id, subject, what, kind=CREDENTIAL_LEAKED, advice=_ADVICE)


def _sentences(conn: Connection, actor: Actor, account_id: str, leak: Leak) -> str:
    credential, location, revocation = leak
    at = f" at {shown(location.url)} (with spaces, so that it is no link)" if location.url else ""
    found = f"{_name(conn, account_id, credential)} was found in public{at} by the secret scanner {actor.id}"
    has_tokens = credential.kind in (CLIENT_SECRET, REFRESH_TOKEN)
    if not revocation.was_live:
        sentences = [f"{found}. It had ended before, but whoever read it earlier may have used it."]
    else:
        tokens = " Its access tokens were revoked too." if has_tokens else ""
        sentences = [f"{found}, and was revoked.{tokens}"]
    if (number := len(revocation.successors)) > 0:
        secrets = "A secret" if number == 1 else f"{number} secrets"
        was = "was" if number == 1 else "were"
        sentences.append(
            f"{secrets} that the client itself had made with it, by rotation, {was} revoked too, with all access "
            "tokens: nobody can tell whether the client or a stranger rotated. Its programs need a new secret."
        )
    return " ".join(sentences)


def _secret_label(conn: Connection, account_id: str, credential: LeakedCredential) -> str:
    """With the hint by which the page of the client names it."""
    client = find_account_client(conn, account_id, credential.target)
    hints = [secret.hint for secret in client.secrets if secret.id == credential.id] if client else []
    label = client_label(conn, account_id, credential.target)
    return f"The secret {hints[0]} of {label}" if hints else f"A secret of {label}"


def _name(conn: Connection, account_id: str, credential: LeakedCredential) -> str:
    if credential.kind == CLIENT_SECRET:
        return _secret_label(conn, account_id, credential)
    if credential.kind == SCIM_TOKEN:
        names = [row.name for row in find_tokens_by_digest(conn, [credential.digest])]
        return f"The SCIM token “{shown(names[0])}”" if names else "A SCIM token"
    kind = KINDS[credential.kind]
    named = f"{'An' if kind[0] in 'aeiou' else 'A'} {kind}"
    person = find_user(conn, account_id, credential.target)
    return named if person is None else f"{named} of {label_of(person)}"
