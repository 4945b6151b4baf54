"""The commands, and how their errors end the program: 0 done, 1 failed, 2 wrong usage."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from linkxg_client.access_token import AccessToken
from linkxg_client.client import LinkXG
from linkxg_client.client_credentials import ClientCredentials
from linkxg_client.command import profile
from linkxg_client.command.export_products import ExportFormat, export_products
from linkxg_client.command.import_file import first_errors, import_file, print_rejected
from linkxg_client.command.output import errors, print_json, print_pairs, print_table
from linkxg_client.command.postman import collection_of, read_document
from linkxg_client.connection import Connection
from linkxg_client.errors import LinkXGError
from linkxg_client.secret import Secret
from linkxg_client.session import MfaRequired, UserSession

app = typer.Typer(
    name="linkxg-client", help="Use the LinkXG API.", no_args_is_help=True, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
products = typer.Typer(help="Products.", no_args_is_help=True)
app.add_typer(products, name="products")
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="The client's private key as PEM, instead of a secret.")
]
Dpop = Annotated[bool, typer.Option("--dpop", help="Tokens that are bound to a key of each process (DPoP).")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")]


class Status(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class Mode(StrEnum):
    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"


@app.command()
def login(
    url: Annotated[str | None, typer.Option(help="Address of the service; default LINKXG_URL.")] = None,
    email: Annotated[str | None, typer.Option(help="Sign in as this person.")] = None,
    client_id: Annotated[str | None, typer.Option(help="Use this OAuth client instead of a person.")] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the password or secret from standard input, as from a pipe.")
    ] = False,
    key_file: KeyFile = None,
    dpop: Dpop = False,
) -> None:
    """Sign in as a person, or store the credentials of an OAuth client for the next commands.

    A private key stays where it is: only its path is stored.
    """
    address = url or profile.default_url()
    if (email is None) == (client_id is None):
        raise typer.BadParameter("Use either --email or --client-id.")
    if client_id is None and (key_file is not None or dpop):
        raise typer.BadParameter("--key-file and --dpop are for a client: use --client-id.")
    chosen = profile.Profile(address, client_id, str(key_file.resolve()) if key_file else None, dpop)
    if key_file is not None:
        profile.client_credentials(chosen).token()
        profile.forget()
        _signed_in(chosen, str(client_id))
        return
    secret = Secret(_ask("Client secret" if client_id else "Password", stdin=stdin))
    if client_id is not None:
        profile.client_credentials(chosen, secret).token()
        profile.forget()
        profile.secret_file().write(secret)
    elif email is not None:
        session = UserSession(connection=Connection(address), store=profile.session_file())
        try:
            session.login(email, secret)
        except MfaRequired as required:
            if "totp" not in required.methods:
                raise
            session.complete_login(_ask("Code of the authenticator app", at_terminal=True))
        if profile.secret_file().path.exists():
            profile.secret_file().path.unlink()
    _signed_in(chosen, str(client_id or email))


def _signed_in(chosen: profile.Profile, name: str) -> None:
    profile.save(chosen)
    errors.print(f"Signed in to {chosen.url} as {name}.", markup=False)


def _ask(what: str, *, stdin: bool = False, at_terminal: bool = False) -> str:
    """A line of standard input if that is a pipe, a file or `stdin`; otherwise what is entered at the terminal.

    `at_terminal` asks there, too, for what the input does not have.
    """
    if stdin or not sys.stdin.isatty():
        line = sys.stdin.readline().strip()
        if line:
            return line
        if not at_terminal:
            raise typer.BadParameter(f"{what}: standard input is empty.")
    return str(typer.prompt(what, hide_input=True, err=True))


@app.command()
def logout() -> None:
    """End the session, and forget what `login` has stored. The secret of a client stays valid."""
    found = profile.load()
    if found is not None and found.client_id is None:
        profile.session(found.url).logout()
    profile.forget()


@app.command()
def token(
    scope: Annotated[str | None, typer.Option(help="Scopes, separated by spaces.")] = None,
    resource: Annotated[str | None, typer.Option(help="For this service behind linkxg-guard, not the API.")] = None,
    key_file: KeyFile = None,
    dpop: Dpop = False,
) -> None:
    """Print an access token. It is a secret for as long as it is valid."""
    known = profile.credentials(key_file, dpop=dpop)
    if resource is not None:
        if not isinstance(known, ClientCredentials):
            raise typer.BadParameter("--resource is for a client: log in with --client-id.")
        known = known.for_resource(resource)
    found = _token(known, scope)
    if found.dpop is not None:
        errors.print("Warning: this token is bound to a key that ends with this command, and is of no use without it.")
    typer.echo(found.reveal())


def _token(found: ClientCredentials | UserSession, scope: str | None = None) -> AccessToken:
    return found.token(scope) if isinstance(found, ClientCredentials) else found.token()


@app.command()
def whoami(as_json: AsJson = False) -> None:
    """Who the command acts as: the client or person, and its scopes."""
    found = profile.credentials()
    if isinstance(found, ClientCredentials):
        known = found.connection.run(found.introspect(found.token()))
        about: dict[str, Any] = {"clientId": known.get("client_id"), "scopes": str(known.get("scope", "")).split()}
    else:
        with LinkXG(found) as client:
            data = client.request("GET", "/auth/me", scope="")["data"]
        about = {name: data[name] for name in ("email", "role", "scopes")} | {"account": data["account"]["name"]}
    about["url"] = str(found.connection.url)
    if as_json:
        print_json(about)
    else:
        print_pairs(about | {"scopes": " ".join(about["scopes"])})


@products.command("list")
def list_products(
    status: Annotated[Status | None, typer.Option()] = None,
    q: Annotated[str | None, typer.Option(help="Text in the name, SKU, brand or model number.")] = None,
    category: Annotated[str | None, typer.Option(help="Code of the category.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The products of the account."""
    with LinkXG(profile.credentials()) as client:
        asked = client.products.list(status.value if status else None, q=q, category=category, limit=min(limit, 200))
        found = [product for product, _ in zip(asked, range(limit), strict=False)]
    if as_json:
        print_json(found)
        return
    rows = [(each.sku, each.gtin, each.status, each.version, each.content.get("name")) for each in found]
    print_table(["SKU", "GTIN", "Status", "Version", "Name"], rows)


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, NDJSON or JSON, also with gzip.")],
    mode: Annotated[Mode, typer.Option(help="Which rows are written.")] = Mode.UPSERT,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the imported products.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rejected rows to this file, to correct and import again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a file of products, and wait for the end."""
    with LinkXG(profile.credentials()) as client:
        job = import_file(client, file, mode=mode.value, publish=publish, dry_run=dry_run, rejected=rejected)
        reasons = first_errors(client, job)
    if as_json:
        print_json(job)
    else:
        print_pairs({"status": job.status, "created": job.created, "updated": job.updated,
                     "unchanged": job.unchanged, "failed": job.failed})  # fmt: skip
        if job.error is not None:
            errors.print(job.error.message, markup=False)
    print_rejected(job, reasons, rejected)
    if job.status != "COMPLETED":
        raise typer.Exit(1)


@app.command()
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    format: Annotated[ExportFormat, typer.Option(help="Of the output.")] = ExportFormat.NDJSON,
    status: Annotated[Status | None, typer.Option()] = None,
    archived: Annotated[
        bool, typer.Option("--archived", help="Archived products too; an import rejects them.")
    ] = False,
) -> None:
    """Write the products, with their drafts, to a file or to standard output; NDJSON and JSON can be imported again.

    An import of an export that nobody has edited changes nothing.
    """
    with LinkXG(profile.credentials()) as client:
        count = export_products(client, output, format, status.value if status else None, archived=archived)
    errors.print(f"{count} products exported.")


@app.command()
def postman(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of the service; default LINKXG_URL.")] = None,
) -> None:
    """Write a Postman collection of all endpoints of the service. Nobody has to be signed in."""
    connection = Connection(url or profile.default_url())
    document = connection.run(read_document(connection))
    text = json.dumps(collection_of(document, str(connection.url)), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


@app.command()
def rotate(
    overlap: Annotated[int, typer.Option(min=0, max=604_800, help="Seconds that the old secret works longer.")] = 3_600,
    revoke_tokens: Annotated[bool, typer.Option("--revoke-tokens", help="Revoke all tokens of the client.")] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the client's secret, and store the new one where the old one was."""
    found = profile.credentials()
    if not isinstance(found, ClientCredentials):
        raise typer.BadParameter("A person has no secret. Log in with --client-id.")
    rotation = found.rotate_secret(overlap=timedelta(seconds=overlap), revoke_tokens=revoke_tokens)
    if as_json:
        print_json(rotation)
    else:
        end = rotation.previous_expires_at
        typer.echo(f"Rotated. The old secret {f'works until {end:%Y-%m-%d %H:%M} UTC' if end else 'is invalid'}.")


def run() -> int:
    """Run the command line; the exit code."""
    try:
        # By this name, however it was started: completion asks for the command by it.
        app(prog_name="linkxg-client")
    except LinkXGError as error:
        errors.print(f"Error: {error}", markup=False, soft_wrap=True)
        return 1
    return 0
