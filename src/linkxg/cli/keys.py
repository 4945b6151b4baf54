"""`linkxg keys list|rotate|retire|replace`."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from linkxg.cli.context import (
    AsJson,
    DataDir,
    connected,
    existing_database,
    load_settings,
    one_line_failures,
    run,
    tell,
    tell_json,
)
from linkxg.clock import now_s, rfc3339
from linkxg.identity.tokens.keys import FILE, KeyFile, KeyRecord, KeysError, active_key, read_keys
from linkxg.runtime.data_dir_lock import exclusive_data_dir
from linkxg.settings import Settings

if TYPE_CHECKING:
    from linkxg.db import Database

app = typer.Typer(help="Signing keys: list, rotate without a failed request, retire immediately.", no_args_is_help=True)


@app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the signing keys, without their private parts."""
    settings = load_settings(data_dir)
    with one_line_failures():
        found = read_keys(settings.data_dir)
        shown = [_shown(record, found) for record in found.keys]
    if as_json:
        tell_json(shown)
    for record in [] if as_json else shown:
        tell(f"{record['kid']}  {record['alg']:6}  {record['state']:8}  from {record['active_from']}")


@app.command("rotate")
def rotate(
    data_dir: DataDir = None,
    at_once: Annotated[
        bool, typer.Option("--now", help="Sign with it now instead of after the JWKS cache time.")
    ] = False,
) -> None:
    """Add a signing key. The old ones verify until their last token has expired."""
    settings = load_settings(data_dir)
    _require_installation(settings)
    record = run(_rotate(settings, at_once=at_once))
    tell(f"{record.kid} signs from {rfc3339(record.active_from * 1000)}")


@app.command("retire")
def retire(
    kid: Annotated[str, typer.Argument(metavar="KID", help="Key id, as listed.")], data_dir: DataDir = None
) -> None:
    """Remove a key now: every token that it signed becomes invalid immediately."""
    settings = load_settings(data_dir)
    _require_installation(settings)
    run(_retire(settings, kid))
    tell(f"{kid} is retired")


@app.command("replace")
def replace(data_dir: DataDir = None) -> None:
    """Replace all keys, for when keys.json leaked or is lost: everybody signs in again, clients request new tokens."""
    settings = load_settings(data_dir)
    database = existing_database(settings)
    with one_line_failures(), exclusive_data_dir(settings.data_dir):
        run(_replace(database, settings))
    tell(f"all keys are new: copy {settings.data_dir / FILE} to the other nodes before they start")


def _require_installation(settings: Settings) -> None:
    """Exits with 1 where no service has ever run: keys are changed, not made, and neither is a database."""
    with one_line_failures():
        read_keys(settings.data_dir)
    existing_database(settings)


async def _replace(database: "Database", settings: Settings) -> None:
    from linkxg.db.health import services_connected
    from linkxg.identity.tokens.manage_keys import replace_keys

    if connected := await database.read_long(services_connected):
        raise KeysError(f"services hold {connected} connections to the database: stop every node first")
    await replace_keys(database, settings.data_dir, settings.token_algorithm)


async def _rotate(settings: Settings, *, at_once: bool) -> KeyRecord:
    import asyncio

    from linkxg.identity.tokens.manage_keys import rotate_keys

    async with connected(settings) as database:
        record = await rotate_keys(database, settings.data_dir, settings.token_algorithm, at_once=at_once)
    if at_once:
        await asyncio.sleep(max(0.0, record.active_from - time.time()))
    return record


async def _retire(settings: Settings, kid: str) -> None:
    from linkxg.identity.tokens.manage_keys import retire_key

    async with connected(settings) as database:
        await retire_key(database, settings.data_dir, kid, settings.token_algorithm)


def _shown(record: KeyRecord, found: KeyFile) -> dict[str, str | None]:
    now = now_s()
    if record.retire_at is not None and record.retire_at <= now:
        state = "retired"
    elif record == active_key(found, now):
        state = "active"
    else:
        state = "coming" if record.active_from > now else "verifies"
    times = {name: asdict(record)[name] for name in ("created_at", "active_from", "retire_at")}
    return {
        "kid": record.kid,
        "alg": record.alg,
        "state": state,
        **{name: rfc3339(at * 1000) if at is not None else None for name, at in times.items()},
    }
