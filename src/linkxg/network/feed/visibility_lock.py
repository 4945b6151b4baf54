"""Serialises what changes which products the viewers of an account see, and what the feed says about it.

A publication, a withdrawal or an archiving reads the live shares, and a share that is created or withdrawn at the same
time is either among them, or is committed after it. Every writer of shares and every hook of products takes this lock
before it takes the time and reads or writes shares.
"""

from sqlalchemy import Connection

from linkxg import audit


def lock_visibility(conn: Connection, account_id: str, partner_id: str | None = None) -> None:
    """Lock the account, and the partner whose feed and audit trail are written to, until the transaction ends.

    These are the locks of their audit trails, which each of these changes takes in any case. Taken after
    `lock_connection`, and before rows of connections, shares and requests are written.
    """
    audit.lock_chains(conn, account_id, partner_id or account_id)
