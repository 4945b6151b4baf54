"""Reads what a page shows besides the fields of a passport: history and journey."""

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.database import ReadTooLong
from linkxg.errors import TemporarilyUnavailable
from linkxg.network.passports.documents.model import Redacted
from linkxg.network.passports.documents.page_details import PageDetails
from linkxg.network.passports.read.find_history import find_history, first_entry
from linkxg.network.passports.read.find_journey import find_journey
from linkxg.network.shared_products.model import CountReads
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

JOURNEY_S = 0.5
"""The time after which a page leaves the journey out."""
_journeys = ConcurrencyLimit(per_account=2, total=4, reserve=2)
"""Journeys that a worker reads at the same time: anybody may ask for public ones."""


class PageDetailsReader:
    def __init__(self, database: Database, count_reads: CountReads) -> None:
        self._database, self._count_reads = database, count_reads

    async def read(self, redacted: Redacted, viewer_id: str | None) -> PageDetails:
        """`viewer_id` is an account that reads traces, None of anybody else."""
        is_first = redacted.version.version == 1
        history = first_entry(redacted) if is_first else await self._database.read(find_history, redacted)
        account_id = redacted.passport.account_id
        if not redacted.shows_journey and viewer_id in (None, account_id):
            return PageDetails(history)
        with _journeys.slot(account_id) as is_free:
            if not is_free:
                return PageDetails(history, is_journey_late=True)
            try:
                found = await self._database.read_bounded(find_journey, JOURNEY_S, redacted, viewer_id, now_ms())
            except (ReadTooLong, TemporarilyUnavailable):
                return PageDetails(history, is_journey_late=True)
        if found is None:
            return PageDetails(history)
        for owner_id, product_ids in found.reads.items():
            self._count_reads(owner_id, str(viewer_id), product_ids)
        return PageDetails(history, found.journey)
