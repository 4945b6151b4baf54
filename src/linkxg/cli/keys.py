"""`linkxg keys list|rotate|retire|replace`."""

from typing import Annotated

import typer

from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json
from linkxg.clock import rfc3339
from linkxg.identity.tokens.keys import FILE
from linkxg.ops import list_keys as listing

app = typer.Typer(help="Signing keys: list, rotate, retire, replace.", no_args_is_help=True)


@app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the signing keys, without their private parts."""
    keys = listing.list_keys(load_settings(data_dir).data_dir)
    if as_json:
        print_json(keys)
        return
    for key in keys:
        typer.echo(f"{key['kid']}  {key['alg']:6}  {key['state']:8}  from {key['active_from']}")


@app.command("rotate")
def rotate(
    data_dir: DataDir = None,
    now: Annotated[
        bool, typer.Option("--now", help="Sign with it immediately instead of after the JWKS cache time.")
    ] = False,
) -> None:
    """Add a signing key; the old ones keep verifying until their last token has expired."""
    import asyncio

    from linkxg.ops.change_keys import rotate_key

    record = asyncio.run(rotate_key(load_settings(data_dir), immediately=now))
    typer.echo(f"{record.kid} signs tokens from {rfc3339(record.active_from * 1000)}")


@app.command("retire")
def retire(
    kid: Annotated[str, typer.Argument(metavar="KID", help="Key id, as listed.")], data_dir: DataDir = None
) -> None:
    """Remove a key: every token that it signed becomes invalid immediately."""
    import asyncio

    from linkxg.ops.change_keys import retire_key

    asyncio.run(retire_key(load_settings(data_dir), kid))
    typer.echo(f"{kid} is retired")


@app.command("replace")
def replace(data_dir: DataDir = None) -> None:
    """Replace all keys after keys.json leaked or was lost: everybody signs in again, clients request new tokens."""
    import asyncio

    from linkxg.ops.change_keys import replace_keys

    settings = load_settings(data_dir)
    asyncio.run(replace_keys(settings))
    typer.echo(f"all keys are replaced: copy {settings.data_dir / FILE} to the other nodes before they start")
