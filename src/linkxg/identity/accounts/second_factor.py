"""The flag in the row of a person that says whether they have a second factor, for their sign-in."""

from sqlalchemy import Connection

from linkxg.identity.accounts import store


def mark_second_factor(conn: Connection, account_id: str, user_id: str, has: bool) -> None:
    """Inside a unit of work that changes the person's factors."""
    store.update_second_factor(conn, account_id, user_id, has)
