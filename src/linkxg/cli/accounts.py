"""`linkxg bootstrap`: the first account and its Owner."""

import sys
from typing import Annotated

import typer

from linkxg.cli.context import WRONG_USAGE, AsJson, DataDir, connected, fail, load_settings, run, tell, tell_json
from linkxg.cli.serve import prepare
from linkxg.crypto.passwords import Passwords
from linkxg.identity.accounts.create_account import create_account
from linkxg.settings import Settings


def bootstrap(
    account: Annotated[str, typer.Option(help="Name of the organisation.")],
    owner_email: Annotated[str, typer.Option(help="E-mail address of its Owner.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the Owner's password from standard input.")
    ] = False,
    data_dir: DataDir = None,
    another: Annotated[bool, typer.Option("--another", help="Add an account although one already exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the first account and its Owner."""
    settings = load_settings(data_dir)
    if not password_stdin:
        fail("pass the Owner's password on standard input and use --password-stdin", WRONG_USAGE)
    password = sys.stdin.readline().rstrip("\r\n")
    prepare(settings)
    account_id, user_id = run(_create(settings, account, owner_email, password, another))
    if as_json:
        tell_json({"account_id": account_id, "user_id": user_id, "email": owner_email})
    else:
        tell(f"account {account_id}\nowner   {user_id} {owner_email}")


async def _create(settings: Settings, name: str, email: str, password: str, another: bool) -> tuple[str, str]:
    passwords = Passwords(1)
    try:
        async with connected(settings) as database:
            return await create_account(
                database, passwords, name=name, owner_email=email, password=password, another=another
            )
    finally:
        passwords.close()
