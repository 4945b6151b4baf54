"""`/oauth/clients/{client_id}/certificates`: Owners and Admins register and remove certificates (RFC 8705)."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from linkxg.audit.model import actor_of
from linkxg.errors import Conflict
from linkxg.http.headers import REPLAYED, IdempotencyKey, replay
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import described
from linkxg.identity.clients.client_services import ADDS_CREDENTIAL, ADMINISTRATION, CHANGES, ClientServices
from linkxg.identity.clients.manage_certificates import add_certificate, list_certificates, remove_certificate
from linkxg.identity.clients.model import MAX_NAME, CertificateView
from linkxg.identity.sender_constraint.client_certificate import MAX_PEM

Pem = Annotated[str, described(minLength=1, maxLength=MAX_PEM, description="One X.509 certificate in PEM.")]


class AddCertificate(msgspec.Struct, forbid_unknown_fields=True):
    """Without `name` it is named by its subject."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Deployment",
        "certificate": "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----",
    }

    certificate: Pem
    name: Annotated[str, described(maxLength=MAX_NAME)] = ""


class CertificateList(msgspec.Struct):
    certificates: list[CertificateView]


@post(
    "/oauth/clients/{client_id:str}/certificates",
    operation_id="addCertificate",
    errors=(Conflict,),
    response_headers=[REPLAYED],
    **ADDS_CREDENTIAL,
)
async def add(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    client_id: FromPath[str],
    data: JSONBody[AddCertificate],
    idempotency_key: IdempotencyKey = None,
) -> Response[CertificateView]:
    """Register a certificate of the client, for mutual TLS. A client has at most two.

    The first one permits `self_signed_tls_client_auth`.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    added, replayed = await add_certificate(
        services.database,
        services.notices,
        actor,
        account_id,
        client_id,
        data.certificate,
        name=data.name,
        idempotency_key=idempotency_key,
    )
    return Response(added, headers=replay(replayed))


@get("/oauth/clients/{client_id:str}/certificates", operation_id="listCertificates", **ADMINISTRATION)
async def listing(
    request: Request[Any, Any, Any], services: NamedDependency[ClientServices], client_id: FromPath[str]
) -> CertificateList:
    """The client's certificates, oldest first."""
    return CertificateList(await list_certificates(services.database, account_id_of(request.scope), client_id))


@delete(
    "/oauth/clients/{client_id:str}/certificates/{certificate_id:str}",
    operation_id="removeCertificate",
    errors=(Conflict,),
    **CHANGES,
)
async def remove(
    request: Request[Any, Any, Any],
    services: NamedDependency[ClientServices],
    client_id: FromPath[str],
    certificate_id: FromPath[str],
) -> None:
    """Remove a certificate. The tokens that are bound to it are revoked.

    It is 409 for the last one of a client that could get no token without it.
    """
    actor, account_id = actor_of(context_of(request.scope)), account_id_of(request.scope)
    await remove_certificate(services.database, services.notices, actor, account_id, client_id, certificate_id)


HANDLERS = (add, listing, remove)
