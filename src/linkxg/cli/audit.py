"""`linkxg audit verify`."""

import asyncio

import typer

from linkxg.audit.verify import Verdict, verify_chains
from linkxg.cli.failures import FAILED
from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json, print_table
from linkxg.ops.installation import existing_database

app = typer.Typer(help="The audit trail: verify.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The audit trail: verify."""


@app.command("verify")
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Recompute the hash chain of every account; exit code 1 if one is broken."""
    database = existing_database(load_settings(data_dir))
    verdicts = asyncio.run(database.read_long(verify_chains))
    if as_json:
        print_json([{**verdict._asdict(), "whole": verdict.broken_at is None} for verdict in verdicts])
    else:
        print_table([("account", "events", "trail"), *map(_row, verdicts)])
    if any(verdict.broken_at is not None for verdict in verdicts):
        raise SystemExit(FAILED)


def _row(verdict: Verdict) -> tuple[str, int, str]:
    trail = "intact" if verdict.broken_at is None else f"broken at event {verdict.broken_at}"
    return verdict.account_id, verdict.events, trail
