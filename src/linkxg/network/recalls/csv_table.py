"""A recall as CSV (RFC 4180): a row for each recipient."""

from linkxg.http.csv_table import write_table
from linkxg.network.recalls.model import RecallDetails

_COLUMNS = (
    "party", "gln", "partner", "notified", "items", "lastSentAt", "acknowledgedAt", "acknowledgedBy", "note", "onward",
    "contested",
)  # fmt: skip


def recall_table(recall: RecallDetails) -> bytes:
    rows = [
        [
            one.party, one.gln, one.partner.name if one.partner else None, "true" if one.notified else "false",
            "; ".join(one.items), one.last_sent_at, one.acknowledged_at, one.acknowledged_by, one.note, one.onward,
            "true" if one.contested else "false",
        ]
        for one in recall.recipients
    ]  # fmt: skip
    return write_table(_COLUMNS, rows)
