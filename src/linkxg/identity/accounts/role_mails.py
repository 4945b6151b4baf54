"""Mails to the people of an account who have certain roles."""

from collections.abc import Collection

from linkxg.db import Database
from linkxg.identity.accounts.mail_queue import Mail
from linkxg.identity.accounts.mail_text import last_lines, shown
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.roles import Role
from linkxg.identity.accounts.store import find_account


async def mails_to_roles(
    database: Database, account_id: str, roles: Collection[Role], subject: str, text: str, public_url: str
) -> list[Mail]:
    """To each person who is enabled and has one of the roles, with the reason why they get it."""
    people = await list_people(database, account_id)
    account = await database.read_single(find_account, account_id)
    name = "" if account is None else shown(account.name)
    told = [one for one in people if one.role in roles and not one.disabled]
    why = "you are {} of {} on LinkXG".format
    last = {role: last_lines(why(f"an {role.capitalize()}", name), public_url) for role in roles}
    return [Mail(one.email, subject, f"{text}\n\n{last[one.role]}") for one in told]
