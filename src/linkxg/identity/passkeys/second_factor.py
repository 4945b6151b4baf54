"""A passkey as the second factor, after a password."""

from typing import Any

from sqlalchemy import Connection

from linkxg.identity.passkeys import challenges, store
from linkxg.identity.passkeys.model import PasskeyOptions
from linkxg.identity.passkeys.options import second_factor_options
from linkxg.identity.passkeys.relying_party import RelyingParty


def begin_second_factor(conn: Connection, party: RelyingParty, account_id: str, user_id: str) -> PasskeyOptions | None:
    """Inside a unit of work: options for one of the person's passkeys; None if they have none."""
    existing = store.list_passkeys(conn, account_id, user_id)
    if not existing:
        return None
    challenge = challenges.new_challenge()
    challenges.keep_for_person(conn, challenge, "factor", user_id)
    options: dict[str, Any] = second_factor_options(party, challenge, existing)
    return PasskeyOptions(options)
