"""`linkxg doctor`."""

import asyncio
import os
from collections.abc import Iterable
from typing import Annotated

import typer

from linkxg.cli.failures import FAILED
from linkxg.cli.options import AsJson, DataDir
from linkxg.cli.output import print_json
from linkxg.db import open_database
from linkxg.db.address import AddressError
from linkxg.ops.doctor.findings import Finding, problem
from linkxg.settings import SettingsError, load, require_safe_listener

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def doctor(
    host: Annotated[str, typer.Option(help="Address that the service listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port that the service listens on.", min=1, max=65_535)] = 8_000,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check settings, files, clock, database and other services, with remedies; exit code 1 on a problem."""
    from linkxg.ops.doctor.checks import run_checks

    try:
        settings = load(os.environ, data_dir=data_dir)
        require_safe_listener(settings, host)
        open_database(settings.database)
    except (SettingsError, AddressError) as error:
        findings = [problem("settings", str(error), "see docs/configuration.md")]
    else:
        findings = asyncio.run(run_checks(settings, host, port))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        _print(findings)
    if any(finding.level == "problem" for finding in findings):
        raise SystemExit(FAILED)


def _print(findings: Iterable[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        line = Text(f"{finding.level:8}", style=_COLOURS[finding.level])
        line.append(f"{finding.check}: {finding.says}", style="default")
        if finding.do:
            line.append(f"\n        → {finding.do}", style="default")
        console.print(line)
