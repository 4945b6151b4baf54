"""The lease of an upload in one request, held by the worker that receives it.

The worker renews it while parts arrive. An upload whose worker has died is orphaned once the lease has run out: it no
longer counts as an open job, and any worker deletes it.
"""

from collections.abc import AsyncIterator

from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.errors import Conflict
from linkxg.http.logs import log
from linkxg.jobs.model import UPLOAD_LEASE_MS
from linkxg.jobs.open_jobs_store import claim_orphan, list_orphans
from linkxg.jobs.store import hold_upload
from linkxg.jobs.uploads.delete_upload import discard_upload
from linkxg.runtime.background import BackgroundTask

RENEW_MS = UPLOAD_LEASE_MS // 4
EVERY_S = 5.0


def upload_lost() -> Conflict:
    """The error of a request that sends to an upload that has ended."""
    return Conflict("This upload was cancelled, rejected or expired before its file was complete. Send the file again.")


async def renew_while_receiving(
    database: Database, account_id: str, job_id: str, parts: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The parts; the lease is renewed as they arrive. Raises Conflict once the upload is cancelled or deleted."""
    renewed_at = now_ms()
    async for part in parts:
        if now_ms() - renewed_at >= RENEW_MS:
            renewed_at = now_ms()
            if not await database.write(hold_upload, account_id, job_id, now=renewed_at):
                raise upload_lost()
        yield part


class OrphanedUploads:
    """Deletes uploads whose worker has died, and logs them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.task = BackgroundTask("orphaned-uploads", self._delete_all, every_s=EVERY_S)

    async def _delete_all(self) -> None:
        for orphan in await self._database.read_single(list_orphans, now=now_ms()):
            account_id, job_id = orphan.account_id, orphan.job_id
            # One of several workers deletes it; if that one dies meanwhile, `linkxg.purge` does.
            if await self._database.write(claim_orphan, account_id, job_id, now=now_ms()):
                log.warning(
                    "import.orphaned", job_id=job_id, account_id=account_id, last_part_at=rfc3339(orphan.touched_at)
                )
                await discard_upload(self._database, account_id, job_id)
