"""Faults of the program that one row meets: the row fails, the job goes on."""

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
    """Log a fault of the program that one row has met; never what the row says."""
    log.error("import.row_fault", job_id=job_id, fault=type(fault).__name__, location=location_of(fault))
