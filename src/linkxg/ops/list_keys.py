"""Lists the signing keys of an installation; loads no database library."""

from dataclasses import asdict
from pathlib import Path

from linkxg.clock import now_s, rfc3339
from linkxg.identity.tokens.keys import KeyFile, KeyRecord, active_key, read_keys


def list_keys(data_dir: Path) -> list[dict[str, str | None]]:
    """Each key without its private part."""
    file = read_keys(data_dir)
    return [_describe(record, file) for record in file.keys]


def _describe(record: KeyRecord, file: KeyFile) -> dict[str, str | None]:
    now = now_s()
    if record.retire_at is not None and record.retire_at <= now:
        state = "retired"
    elif record == active_key(file, now):
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
