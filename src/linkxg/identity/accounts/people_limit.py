"""The number of people that an account can have, however they come: by invitation, single sign-on or SCIM.

Their list is one answer, and each of them may act in the account.
"""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.errors import Conflict
from linkxg.identity.accounts import store

MAX_PEOPLE = 5_000


class TooManyPeople(Conflict):
    """409, until somebody is removed."""

    text = f"An account has at most {MAX_PEOPLE:,} people. Remove somebody first."


def refuse_beyond_limit(conn: Connection, account_id: str, *, inviting: bool = False) -> TooManyPeople | None:
    """Inside a unit of work that adds a person: an error if there is no place. Open invitations count for new ones."""
    lock_until_commit(conn, f"people {account_id}")
    taken = store.count_people(conn, account_id)
    if inviting:
        taken += store.count_invitations(conn, account_id, now_ms())
    return TooManyPeople() if taken >= MAX_PEOPLE else None
