"""`POST /secret-scanning/reports`: the protocol of GitHub's secret scanning partner program."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter

from linkxg.audit.model import actor_of
from linkxg.db import Database
from linkxg.errors import (
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    TemporarilyUnavailable,
    UnsignedReport,
    UnsupportedMediaType,
)
from linkxg.http.json_body import refuse_coding, require_json
from linkxg.http.permissions import public
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import Tag
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.secret_scanning.model import MAX_BODY, MAX_ENTRIES, LeakReport, LeakVerdict
from linkxg.secret_scanning.scanners import Scanners, find_signer
from linkxg.secret_scanning.take_report import read_report, take_report

REPORTS = Budget("secret-reports-source", 600, 60)
KEY_ID, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"
_LONGEST = 200
TAG = Tag("Secret scanning", "For secret scanners that the operator trusts: reports of credentials found in public.")
_BODY = {
    "title": "LeakReports",
    "type": "array",
    "maxItems": MAX_ENTRIES,
    "items": {
        "type": "object",
        "required": ["token"],
        "properties": {name: {"type": "string"} for name in LeakReport.__struct_fields__},
    },
    "examples": [[LeakReport.EXAMPLE]],
}


@dataclass(frozen=True, slots=True)
class ScanningServices:
    database: Database
    server_key: bytes
    notices: SecurityNotices
    scanners: Scanners


@post(
    "/secret-scanning/reports",
    operation_id="reportLeakedCredentials",
    takes={"application/json": _BODY},
    status_code=200,
    errors=(InvalidRequest, UnsignedReport, NotFound, PayloadTooLarge, UnsupportedMediaType, TemporarilyUnavailable),
    **public(REPORTS),
)
async def report(
    request: Request[Any, Any, Any],
    services: NamedDependency[ScanningServices],
    key_id: Annotated[str | None, HeaderParameter(name=KEY_ID)] = None,
    signature: Annotated[str | None, HeaderParameter(name=SIGNATURE)] = None,
) -> Response[list[LeakVerdict]]:
    """Report credentials that were found in public. Those of this server are revoked before the answer.

    The signature is ECDSA with P-256 and SHA-256 over the bytes of the body (DER, in base64), by a key of a scanner
    that the operator has set. Without one this is 404. A repeated report is answered as the first one was.
    """
    if not services.scanners:
        raise NotFound("This server takes no reports of secret scanners.")
    context = context_of(request.scope)
    if not key_id or not signature or max(len(key_id), len(signature)) > _LONGEST:
        raise UnsignedReport(reason="no signature")
    require_json(context.header(b"content-type"), oauth_style=False)
    refuse_coding(context.header(b"content-encoding"), oauth_style=False)
    candidates = await services.scanners.find(key_id)
    body = await context.body(MAX_BODY)
    scanner = find_signer(candidates, signature, body)
    actor = actor_of(context)._replace(kind="scanner", id=scanner)
    reports = read_report(body)
    found = await take_report(services.database, services.server_key, services.notices, actor, reports)
    context.notes |= {"scanner": scanner, "entries": len(reports), "revoked": found.revoked}
    return Response(found.verdicts)


def router(services: ScanningServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[report],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
    )
