"""`linkxg restore FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from linkxg.cli.options import AsJson, DataDir, load_settings
from linkxg.cli.output import print_json, print_table, progress
from linkxg.clock import rfc3339
from linkxg.ops.restore import RestoreResult, restore_backup


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by linkxg backup.")],
    data_dir: DataDir = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a database that is not empty.")] = False,
    revoke_secrets: Annotated[
        bool,
        typer.Option(
            "--revoke-secrets",
            help="Revoke every client secret, if it is unknown which ones were revoked since the backup.",
        ),
    ] = False,
    withdraw_shares: Annotated[
        bool,
        typer.Option(
            "--withdraw-shares",
            help="Withdraw every share, if it is unknown which ones were withdrawn since the backup.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup: everybody signs in again, new keys are created, and what was revoked stays revoked."""
    settings = load_settings(data_dir)
    with progress(f"restore of {file}") as on_progress:
        result = restore_backup(
            settings, file, replace=replace, revoke_secrets=revoke_secrets, withdraw_shares=withdraw_shares,
            on_progress=on_progress,
        )  # fmt: skip
    if not as_json:
        _print(result, settings.data_dir)
        return
    print_json(
        {
            "backup_made_at": rfc3339(result.label.made_at),
            "backup_engine": result.label.engine,
            **result.restored._asdict(),
            "keys_replaced": True,
            "damaged_database": str(result.damaged) if result.damaged else None,
        }
    )


def _print(result: RestoreResult, data_dir: Path) -> None:
    label, restored = result.label, result.restored
    print_table(
        [
            ("backup", f"{rfc3339(label.made_at)}, from {label.engine}, linkxg {label.version}"),
            *((f"{table} loaded", count) for table, count in restored.rows.items() if count),
            ("sessions ended", restored.sessions_ended),
            ("invitations ended", restored.invitations_ended),
            ("client secrets revoked", restored.secrets_revoked),
            ("shares withdrawn", restored.shares_withdrawn),
            ("revoked or deleted since the backup, reapplied", restored.kept_ended),
            ("disabled since the backup, reapplied", restored.kept_disabled),
            ("reduced since the backup, reapplied", restored.kept_narrowed),
            ("keys", f"replaced in {data_dir / 'keys.json'}"),
        ]
    )
    if result.damaged is not None:
        typer.echo(f"The damaged database is {result.damaged}. What was revoked after the backup is unknown.")
