"""`linkxg domains verify`."""

import asyncio
from typing import Annotated

import typer

from linkxg.cli.failures import fail
from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json
from linkxg.identity.accounts.create_account import CLI
from linkxg.identity.federation.model import EmailDomainView
from linkxg.identity.federation.notices import mail_domain_verified
from linkxg.identity.federation.verify_domain import find_account_id, verify_by_operator
from linkxg.ops.command_notices import command_notices
from linkxg.ops.installation import connected, existing_database
from linkxg.settings import Settings

app = typer.Typer(help="E-mail domains of accounts: verify.", no_args_is_help=True)


@app.callback()
def domains() -> None:
    """E-mail domains of accounts: verify."""


@app.command("verify")
def verify(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain, such as acme.example.")],
    account: Annotated[str, typer.Option(help="Id or short name of the account that it belongs to.")],
    claims: Annotated[
        bool, typer.Option("--claim", help="Also add the domain, if no Owner of the account has done so.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Verify a domain without a DNS record: its addresses sign in by the account's identity provider."""
    settings = load_settings(data_dir)
    existing_database(settings)
    found = asyncio.run(_verify(settings, account, domain, claims=claims))
    if found is None:
        fail(f"there is no account {account}: give its id or its short name, which the page Account shows")
    if as_json:
        print_json({"domain": found.domain, "verified_at": found.verified_at})
    else:
        typer.echo(f"{found.domain} is verified")


async def _verify(settings: Settings, account: str, domain: str, *, claims: bool) -> EmailDomainView | None:
    async with connected(settings) as database, command_notices(settings, database) as notices:
        account_id = await find_account_id(database, account)
        if account_id is None:
            return None
        checked = await verify_by_operator(database, CLI, account_id, domain, claims=claims)
        mail_domain_verified(notices, CLI, account_id, checked)
        return checked.view
