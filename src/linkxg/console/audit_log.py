"""`/account/audit`: lists, verifies and exports the audit trail of the account."""

from collections.abc import AsyncIterator

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Stream

from linkxg.audit.list_events import list_events
from linkxg.audit.model import ACTIONS, AuditEvent
from linkxg.audit.verify import verify_chain
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render, stream
from linkxg.http.csv_table import format_rows
from linkxg.http.permissions import session_roles
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.manage_user import list_people
from linkxg.identity.accounts.roles import ADMINISTRATORS

PAGE_SIZE = 40
_CHUNK = 500
EXPORTS = Budget("console-exports", 20, 60)
COLUMNS = (
    "seq", "at", "action", "actor_kind", "actor_id", "target", "source", "request_id", "secret_id", "details", "hash",
)  # fmt: skip


@get("/account/audit", **session_roles(ADMINISTRATORS))
async def listing(page: NamedDependency[PageRequest]) -> Response[str]:
    action, before = _filters(page)
    found, more = await list_events(page.database, page.account_id, before=before, limit=PAGE_SIZE, action=action)
    people = await list_people(page.database, page.account_id)
    return render(
        page,
        "audit.html",
        found=found,
        following=found[-1].seq if more else None,
        names={person.id: person.email for person in people},
        action=action,
        actions=ACTIONS,
        verdict=None,
    )


@get("/account/audit/verify", **session_roles(ADMINISTRATORS))
async def verify(page: NamedDependency[PageRequest]) -> Response[str]:
    await page.services.limits.spend(EXPORTS, page.account_id)
    verdict = await page.database.read_long(verify_chain, page.account_id)
    return render(page, "audit_verdict.html", verdict=verdict)


@get("/account/audit.csv", **session_roles(ADMINISTRATORS))
async def as_csv(page: NamedDependency[PageRequest]) -> Stream:
    await page.services.limits.spend(EXPORTS, page.account_id)
    return stream(page, _csv(_events(page)), "text/csv", "audit.csv")


@get("/account/audit.ndjson", **session_roles(ADMINISTRATORS))
async def as_ndjson(page: NamedDependency[PageRequest]) -> Stream:
    await page.services.limits.spend(EXPORTS, page.account_id)
    return stream(page, _ndjson(_events(page)), "application/x-ndjson", "audit.ndjson")


HANDLERS = (listing, verify, as_csv, as_ndjson)


def _filters(page: PageRequest) -> tuple[str | None, int | None]:
    action, before = page.query.text("action"), page.query.text("before")
    number = int(before) if before.isdecimal() and before.isascii() and len(before) < 16 else None
    return (action if action in ACTIONS else None), number


async def _events(page: PageRequest) -> AsyncIterator[list[AuditEvent]]:
    """The filtered trail in chunks, newest first."""
    action, before = _filters(page)
    more = True
    while more:
        found, more = await list_events(page.database, page.account_id, before=before, limit=_CHUNK, action=action)
        yield found
        before = found[-1].seq if found else None


async def _csv(chunks: AsyncIterator[list[AuditEvent]]) -> AsyncIterator[str]:
    # With the byte order mark, spreadsheets read the file as UTF-8.
    yield "\ufeff" + ",".join(COLUMNS) + "\r\n"
    async for chunk in chunks:
        yield format_rows(map(_cells, chunk))


def _cells(event: AuditEvent) -> list[object]:
    values = {**msgspec.structs.asdict(event), "details": msgspec.json.encode(event.details).decode()}
    return [values[name] for name in COLUMNS]


async def _ndjson(chunks: AsyncIterator[list[AuditEvent]]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield b"".join(msgspec.json.encode(event) + b"\n" for event in chunk)
