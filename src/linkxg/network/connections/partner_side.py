"""Writes to the side of a partner who may not exist, without telling whether they do.

What an inviter can measure must not depend on it (OWASP ASVS 6.3.8): the same statements run in either case, and are
undone if nobody is there.
"""

from collections.abc import Callable

from sqlalchemy import Connection


def write_partner_side(conn: Connection, account_id: str, partner_id: str | None, write: Callable[[str], bool]) -> None:
    """Call `write` with the partner's id, and undo what it did if there is none or it returns false."""
    savepoint = conn.begin_nested()
    is_meant = write(partner_id or account_id)
    if is_meant and partner_id is not None:
        savepoint.commit()
    else:
        savepoint.rollback()
