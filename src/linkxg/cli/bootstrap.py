"""`linkxg bootstrap`."""

import asyncio
import sys
from typing import Annotated

import typer

from linkxg.cli.failures import WRONG_USAGE, fail
from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json
from linkxg.crypto.passwords import Passwords
from linkxg.identity.accounts.create_account import create_account
from linkxg.ops.installation import connected
from linkxg.ops.prepare import prepare_installation
from linkxg.settings import Settings


def bootstrap(
    account: Annotated[str, typer.Option(help="Name of the account.")],
    owner_email: Annotated[str, typer.Option(help="E-mail address of its Owner.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the Owner's password from standard input.")
    ] = False,
    data_dir: DataDir = None,
    additional: Annotated[
        bool, typer.Option("--additional", help="Add an account although one already exists.")
    ] = False,
    another: Annotated[bool, typer.Option("--another", hidden=True, help="Former name of --additional.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the first account and its Owner."""
    settings = load_settings(data_dir)
    if not password_stdin:
        fail("pass the Owner's password on standard input and use --password-stdin", WRONG_USAGE)
    password = sys.stdin.readline().rstrip("\r\n")
    prepare_installation(settings)
    account_id, user_id = asyncio.run(_create(settings, account, owner_email, password, additional or another))
    if as_json:
        print_json({"account_id": account_id, "user_id": user_id, "email": owner_email})
    else:
        typer.echo(f"account {account_id}\nowner   {user_id} {owner_email}")


async def _create(settings: Settings, name: str, email: str, password: str, additional: bool) -> tuple[str, str]:
    passwords = Passwords(1)
    try:
        async with connected(settings) as database:
            return await create_account(
                database, passwords, name=name, owner_email=email, password=password, additional=additional
            )
    finally:
        passwords.close()
