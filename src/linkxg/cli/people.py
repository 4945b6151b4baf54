"""`linkxg people reset-link`."""

from typing import Annotated

import typer

from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json

app = typer.Typer(help="People: a link for a new password.", no_args_is_help=True)
# Without a callback, typer would make a single command the whole group.
app.callback()(lambda: None)


_INCOMPLETE = (
    "LINKXG_PUBLIC_URL is not set, so the link has no host. Put the address of the service before it, such as "
    "https://linkxg.example.com, or run the command with the settings of the service, as in "
    "LINKXG_PUBLIC_URL=https://linkxg.example.com linkxg people reset-link …; the file /etc/linkxg/linkxg.env is "
    "read by systemd only (docs/operations.md)."
)


@app.command("reset-link")
def reset_link(
    email: Annotated[str, typer.Option(help="E-mail address of the person.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a link with which a person chooses a new password; it works once, within 30 minutes."""
    import asyncio

    from linkxg.ops.reset_link import make_reset_link

    settings = load_settings(data_dir)
    link = asyncio.run(make_reset_link(settings, email))
    if not settings.public_url:
        typer.echo(_INCOMPLETE, err=True)
    if not settings.smtp_url:
        typer.echo("LINKXG_SMTP_URL is not set: no mail tells the person about the link.", err=True)
    if as_json:
        print_json({"email": link.email, "link": link.link, "expires_at": link.expires_at})
    else:
        typer.echo(link.link)
