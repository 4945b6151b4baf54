"""Draws the labels of a sheet in a thread, one sheet of an account at a time: a full one takes seconds of a core."""

import asyncio

from linkxg.errors import RateLimitExceeded
from linkxg.http.rate_limits import Budget, rate_limit_fields
from linkxg.network.passports.carriers.label_sheet import label_items
from linkxg.network.passports.carriers.qr_code import ErrorLevel
from linkxg.network.passports.carriers.read_labels import LabelsOfProduct
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

LABELS = Budget("passport-labels", 10, 60)
_sheets = ConcurrencyLimit(per_account=1, total=2, reserve=1)
_RETRY_S = 5


async def draw_labels(account_id: str, found: LabelsOfProduct, addresses: Addresses, level: ErrorLevel) -> str:
    """The items of a list in HTML. Raises RateLimitExceeded while another sheet of the account is drawn."""
    with _sheets.slot(account_id) as is_free:
        if not is_free:
            raise RateLimitExceeded(
                "One sheet of labels of an account is drawn at a time.",
                retry_after=_RETRY_S,
                headers=rate_limit_fields("passport-label-sheets", 1, _RETRY_S, _RETRY_S),
            )
        return await asyncio.to_thread(label_items, found.labels, addresses, level)
