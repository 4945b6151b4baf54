"""Tells the Owners by mail which credentials of their account were found in public."""

from collections.abc import Sequence

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.crypto.find_secrets import KINDS
from linkxg.crypto.secrets import CLIENT_SECRET, REFRESH_TOKEN, SCIM_TOKEN
from linkxg.identity.accounts.mail_text import label_of, shown
from linkxg.identity.accounts.notice_kinds import CREDENTIAL_LEAKED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user
from linkxg.identity.clients.notify_owners import client_label
from linkxg.identity.scim.token_store import find_tokens_by_digest
from linkxg.secret_scanning.kinds import LeakedCredential
from linkxg.secret_scanning.place import LeakPlace

NAMED = 10
_ADVICE = (
    "Whoever has read it may have used it: check the audit log, also for secrets that nobody in your account has "
    "rotated. Give programs a new secret, and remove the old one from where it was found."
)


def mail_credentials_leaked(
    notices: SecurityNotices, actor: Actor, account_id: str, leaked: Sequence[tuple[LeakedCredential, LeakPlace]]
) -> None:
    """One mail for all of a report."""

    def what(conn: Connection) -> str:
        sentences = [_sentence(conn, actor, account_id, *one) for one in leaked[:NAMED]]
        if len(leaked) > NAMED:
            sentences.append(f"And {len(leaked) - NAMED:,} more, which the audit log names.")
        return "\n".join(sentences)

    subject = "Credential found in public and revoked"
    notices.owners(actor, account_id, subject, what, kind=CREDENTIAL_LEAKED, advice=_ADVICE)


def _sentence(conn: Connection, actor: Actor, account_id: str, credential: LeakedCredential, place: LeakPlace) -> str:
    at = f" at {shown(place.url)}" if place.url else ""
    name = _name(conn, account_id, credential)
    tokens = " Its access tokens were revoked too." if credential.kind in (CLIENT_SECRET, REFRESH_TOKEN) else ""
    return f"{name} was found in public{at} by the secret scanner {actor.id}, and was revoked.{tokens}"


def _name(conn: Connection, account_id: str, credential: LeakedCredential) -> str:
    if credential.kind == CLIENT_SECRET:
        return f"A secret of {client_label(conn, account_id, credential.target)}"
    if credential.kind == SCIM_TOKEN:
        names = [row.name for row in find_tokens_by_digest(conn, [credential.digest])]
        return f"The SCIM token “{shown(names[0])}”" if names else "A SCIM token"
    kind = KINDS[credential.kind]
    named = f"{'An' if kind[0] in 'aeiou' else 'A'} {kind}"
    person = find_user(conn, account_id, credential.target)
    return named if person is None else f"{named} of {label_of(person)}"
