"""Unexpected faults in one row: the row fails, the job continues."""

from linkxg.http.logs import location_of, log
from linkxg.jobs.model import RowFault

SERVER_FAULT = (
    RowFault(
        "",
        "server_error",
        "An internal error occurred on this row; the server's log has the reason under the import's id.",
    ),
)


def row_crash(fault: BaseException, job_id: str) -> None:
    """Log an unexpected fault, without the content of the row."""
    log.error("import.row_fault", job_id=job_id, fault=type(fault).__name__, location=location_of(fault))
