"""Who may use a password in an account that signs in by its identity provider only."""

from sqlalchemy import Connection

from linkxg.identity.accounts.break_glass_store import find_password_refusal


def password_allowed(conn: Connection, account_id: str, user_id: str) -> bool:
    """Whether the person may sign in with a password (or passkey), or reset it.

    Always, unless the account signs in by its provider only; then only the Owners whom it has chosen for the case that
    the provider fails (break-glass).
    """
    return not find_password_refusal(conn, account_id, user_id)
