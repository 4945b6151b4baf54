"""Doctor checks of other services: database, mail server, shared rate limits, keys of secret scanners."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from linkxg.clock import now_ms
from linkxg.db import open_database
from linkxg.db.errors import explain, is_damage
from linkxg.db.health import DatabaseHealth, read_health
from linkxg.db.migrations import head, is_known
from linkxg.errors import TemporarilyUnavailable
from linkxg.http.rate_limits import Budget, open_limits
from linkxg.identity.accounts.mail import Mailer
from linkxg.identity.federation.addresses import Resolver
from linkxg.identity.federation.fetch import ProviderClient
from linkxg.identity.tokens.key_store import find_sealed_keys
from linkxg.identity.tokens.keys import FILE, KeysError, read_keys
from linkxg.identity.tokens.manage_keys import is_sealed_with
from linkxg.jobs.open_jobs_store import list_orphans
from linkxg.ops.doctor.findings import Finding, ok, problem, warning
from linkxg.secret_scanning.scanners import Scanners
from linkxg.settings import Settings

WAIT_S = 10.0
SKEW_S = 5.0
_PROBE = Budget("doctor", 1, 1)


async def check_database(settings: Settings) -> AsyncIterator[Finding]:
    """Whether it is reachable, intact, durable and of this program's schema, with the clock of this machine."""
    database = open_database(settings.database)
    if database.file is not None and not database.file.exists():
        yield warning("database", f"{database.file} does not exist", "linkxg serve creates it on first start")
        return
    try:
        found = await database.read_long(read_health)
    except Exception as fault:
        reason = explain(fault)
        if reason is None:
            raise
        yield problem("database", reason, _remedy(fault, embedded=database.file is not None))
        return
    if found.unsafe:
        do = "run linkxg restore with a backup" if database.file else "change the server's settings"
        yield problem("database", f"{found.engine}: {', '.join(found.unsafe)}", do)
    else:
        shown = ", ".join(f"{name}={value}" for name, value in found.settings.items())
        yield ok("database", f"{found.engine}, {found.size / 2**20:,.1f} MiB, {shown}")
    yield _schema(found)
    if found.clock_ahead_s is not None:
        yield _skew(found.clock_ahead_s)
    if found.revision == head() and not found.unsafe:
        async for finding in _check_open(settings):
            yield finding


async def _check_open(settings: Settings) -> AsyncIterator[Finding]:
    """What the service requires at its start: local storage, durable settings, the invalidation feed."""
    database = open_database(settings.database)
    try:
        await database.open()
        database.feed.check()
        row = await database.read_single(find_sealed_keys)
        orphans = await database.read_single(list_orphans, now=now_ms())
        await database.close()
    except Exception as fault:
        reason = fault.reason if isinstance(fault, TemporarilyUnavailable) else explain(fault)
        if reason is None:
            raise
        yield problem("invalidation feed", reason, "the service would not start; check the database")
    else:
        yield ok("invalidation feed", "fresh")
        # A file that cannot be read is a finding of `check_keys`.
        with contextlib.suppress(KeysError):
            if row is not None and not is_sealed_with(read_keys(settings.data_dir), row):
                message = f"{FILE} does not match the keys that the nodes share in the database"
                yield problem("keys of the nodes", message, f"copy {FILE} from a running node, with mode 600")
        for orphan in orphans:
            message = f"the upload {orphan.job_id} of account {orphan.account_id} was interrupted: its worker has ended"
            yield warning(
                "imports", message, "start the service, which deletes it within seconds, and upload the file again"
            )


def _remedy(fault: BaseException, *, embedded: bool) -> str:
    if not embedded:
        return "start the server, and check host, name and password in LINKXG_DATABASE_URL"
    if is_damage(fault):
        return "run linkxg restore --replace with a backup"
    return "the file is not damaged: free space on its file system, mount it for writing, or check its owner"


def _schema(found: DatabaseHealth) -> Finding:
    if found.revision == head():
        return ok("schema", f"{found.revision}, the one of this program")
    if found.revision is None:
        return warning("schema", "the database is empty", "linkxg serve or linkxg migrate creates it")
    if is_known(found.revision):
        return warning("schema", f"{found.revision}, this program needs {head()}", "run linkxg migrate, after a backup")
    return problem("schema", f"{found.revision} is newer than this program", "upgrade the program")


def _skew(ahead: float) -> Finding:
    message = f"the database's clock is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}"
    if abs(ahead) > SKEW_S:
        return problem("clock of the database", message, "synchronise both machines with NTP")
    return ok("clock of the database", message)


async def check_mail(settings: Settings) -> AsyncIterator[Finding]:
    """Whether the mail server accepts the credentials; no mail is sent."""
    if not settings.smtp_url:
        return
    fault = await Mailer(settings.smtp_url, settings.mail_from).fault()
    if fault is None:
        yield ok("mail", "the server answers")
    else:
        do = "check LINKXG_SMTP_URL; until then invitation links are returned, not mailed"
        yield problem("mail", f"the server cannot be used: {fault}", do)


async def check_limits(settings: Settings) -> AsyncIterator[Finding]:
    """Whether the counters of rate budgets are reachable."""
    if settings.limits_url.startswith("memory:"):
        yield ok("limits", "counted in the memory of each worker")
        return
    try:
        limits = open_limits(settings.limits_url, settings.limit_scale)
        async with asyncio.timeout(WAIT_S):
            await limits.require((_PROBE, "doctor"))
        await limits.close()
    except (TemporarilyUnavailable, TimeoutError) as error:
        message = f"the server cannot be used: {getattr(error, 'reason', None) or 'no answer'}"
        yield problem(
            "limits", message, "start it and check LINKXG_LIMITS_URL: without it every limited request gets 503"
        )
    except Exception as fault:  # noqa: BLE001  the library reports a missing driver in exceptions of its own
        yield problem("limits", f"{type(fault).__name__}: {fault}".partition("\n")[0], "install linkxg[valkey]")
    else:
        yield ok("limits", "the server answers")


async def check_secret_scanners(settings: Settings) -> AsyncIterator[Finding]:
    """Whether the keys of each secret scanner can be read."""
    resolver = Resolver(settings.dns_server, reads_hosts=bool(settings.provider_networks))
    client = ProviderClient(resolver, settings.provider_networks)
    scanners = Scanners(settings.secret_scanners, client)
    for name, _ in settings.secret_scanners:
        fault = await scanners.fault(name)
        if fault is None:
            yield ok("secret scanners", f"the keys of {name} can be read")
        else:
            do = "check LINKXG_SECRET_SCANNERS; until then its reports are answered with 503"
            yield problem("secret scanners", f"the keys of {name} cannot be read: {fault}", do)
    await client.close()
