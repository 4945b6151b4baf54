"""The checks of `linkxg doctor`, in order."""

import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from linkxg.db import open_database
from linkxg.ops.doctor.dependencies import check_database, check_limits, check_mail, check_secret_scanners
from linkxg.ops.doctor.files import check_data_dir, check_keys, check_space, check_tls
from linkxg.ops.doctor.findings import Finding, ok
from linkxg.ops.doctor.machine import check_addresses, check_clock, check_descriptors, check_listener, now
from linkxg.settings import Settings


async def run_checks(settings: Settings, host: str, port: int) -> list[Finding]:
    """Every finding; the clock is watched while the other checks run."""
    since = now()
    file = open_database(settings.database).file
    places = [place for place in (settings.data_dir, file and file.parent) if place and place.exists()]
    findings = [ok("settings", "usable")]
    findings += check_data_dir(settings.data_dir)
    if settings.data_dir.exists() and not os.access(settings.data_dir, os.X_OK):
        # Nothing in it can be looked at.
        return findings
    findings += check_keys(settings, first_start=file is not None and not file.exists())
    findings += check_space(places)
    findings += check_tls(settings, urlsplit(settings.public_url).hostname or "")
    findings += check_addresses(settings, host)
    findings += check_descriptors()
    findings += check_listener(settings, host, port)
    services = (check_database, check_mail, check_limits, check_secret_scanners)
    for checks in (check(settings) for check in services):
        findings += await _collect(checks)
    findings += check_clock(since)
    return findings


async def _collect(checks: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in checks]
