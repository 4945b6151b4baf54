"""`linkxg people reset-link`."""

from typing import Annotated

import typer

from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json

app = typer.Typer(help="People: a link for a new password.", no_args_is_help=True)
# Without a callback, typer would make a single command the whole group.
app.callback()(lambda: None)


@app.command("reset-link")
def reset_link(
    email: Annotated[str, typer.Option(help="E-mail address of the person.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a link with which a person chooses a new password; it works once, within 30 minutes."""
    import asyncio

    from linkxg.ops.reset_link import make_reset_link

    link = asyncio.run(make_reset_link(load_settings(data_dir), email))
    if as_json:
        print_json({"email": link.email, "link": link.link, "expires_at": link.expires_at})
    else:
        typer.echo(link.link)
