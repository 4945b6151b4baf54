"""Registers, lists and removes the certificates of a client (RFC 8705 §2.2).

The first one permits the method, as a key and a workload do theirs. A second one does not: where the method is off
beside a certificate, somebody took it away, and the certificate only binds tokens.

Two can be registered, so that one replaces the other without an outage. Removing one revokes the tokens bound to it.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, now_s, seconds_or_none
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, InvalidRequest, NotFound, PublicError
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.authorization.write_as import write_as, write_once_by_id
from linkxg.identity.clients import certificate_store, store
from linkxg.identity.clients.authentication_methods import SELF_SIGNED_TLS, format_methods
from linkxg.identity.clients.check_methods import check_removal
from linkxg.identity.clients.model import MAX_CERTIFICATES, MAX_NAME, CertificateView, ClientCertificate
from linkxg.identity.clients.notify_owners import CAN_REQUEST, mail_authentication_changed
from linkxg.identity.clients.pasted_text import REPLACE_PAIR, Pasted, recognise
from linkxg.identity.sender_constraint.client_certificate import Certificate, MalformedCertificate, read_certificate_pem
from linkxg.identity.tokens.revoke import invalidate_client, revoke_certificate
from linkxg.ids import uuid7

_MALFORMED = "The field certificate must be one X.509 certificate in PEM."
_WRONG = {
    Pasted.PRIVATE_KEY: (
        f"The field certificate holds a private key. It was not stored. Register the certificate only, {REPLACE_PAIR}"
    ),
    Pasted.CHAIN: (
        "The field certificate holds a chain of certificates. Send the first one only, which is that of the client."
    ),
    Pasted.CERTIFICATE_REQUEST: (
        "The field certificate holds a certificate request. Send the certificate that was issued for it."
    ),
    Pasted.PUBLIC_KEY: (
        "The field certificate holds a public key. Register it as a key of the client, or send the certificate."
    ),
    Pasted.KEY_SET: (
        "The field certificate holds a key set. Register its keys as keys of the client, or send a certificate."
    ),
    Pasted.SSH_KEY: "The field certificate holds a key of SSH. Send an X.509 certificate in PEM.",
    Pasted.BASE64: (
        "The field certificate holds base64 without its PEM lines. Put it between -----BEGIN CERTIFICATE----- and "
        "-----END CERTIFICATE-----."
    ),
}


async def add_certificate(
    database: Database,
    notices: SecurityNotices,
    actor: Actor,
    account_id: str,
    client_id: str,
    pem: str,
    *,
    name: str = "",
    idempotency_key: str | None = None,
) -> IdempotentOutcome[CertificateView]:
    """Raises InvalidRequest for anything but one valid certificate, NotFound, or Conflict for a third or the same."""
    if len(name.strip()) > MAX_NAME:
        raise InvalidRequest(f"The field name must have at most {MAX_NAME} characters.")
    certificate = check_certificate(pem)
    request = Request(
        account_id,
        f"POST /oauth/clients/{client_id}/certificates",
        idempotency_key,
        [actor.id, certificate.thumbprint, name],
    )

    def make(conn: Connection) -> CertificateView | PublicError:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        if client is None:
            return NotFound()
        if client.resource is not None:
            return InvalidRequest("A resource server has no certificates.")
        known = certificate_store.list_certificates(conn, account_id, client_id)
        if any(one.thumbprint == certificate.thumbprint for one in known):
            return Conflict("This certificate is registered already.")
        if len(known) >= MAX_CERTIFICATES:
            return Conflict(f"A client has at most {MAX_CERTIFICATES} certificates. Remove one first.")
        row = ClientCertificate(
            uuid7(), certificate.thumbprint, certificate.subject, certificate.not_before, certificate.not_after,
            now_ms(), name.strip(), actor.id or "-",
        )  # fmt: skip
        certificate_store.insert_certificate(
            conn, account_id, client_id, **{name: getattr(row, name) for name in row.__struct_fields__}
        )
        methods = client.methods if known else client.methods | {SELF_SIGNED_TLS}
        if methods != client.methods:
            store.update_client(conn, account_id, client_id, methods=methods)
        invalidate_client(conn, account_id, client_id, client.epoch)
        details = {"certificate_id": row.id, "name": row.name, "thumbprint": row.thumbprint, "subject": row.subject}
        if methods != client.methods:
            details["methods"] = format_methods(methods)
        audit.record(conn, account_id, actor, "client.certificate_added", client_id, details)
        return certificate_view(row)

    def find(conn: Connection, certificate_id: str) -> CertificateView | PublicError:
        for known in certificate_store.list_certificates(conn, account_id, client_id):
            if known.id == certificate_id:
                return certificate_view(known)
        return Conflict("This request was already answered, but its certificate has since been removed.")

    added = await write_once_by_id(database, actor, request, make, find)
    if not added.replayed:
        named = _named(added.value)
        mail_authentication_changed(
            notices, actor, account_id, client_id, lambda label: f"{named} was added to {label}: {CAN_REQUEST}."
        )
    return added


def check_certificate(pem: str) -> Certificate:
    """Raises InvalidRequest for anything but one certificate that has not expired."""
    try:
        certificate = read_certificate_pem(pem)
    except MalformedCertificate:
        raise InvalidRequest(_WRONG.get(recognise(pem), _MALFORMED)) from None
    if certificate.not_after <= now_s():
        raise InvalidRequest("The certificate has expired.")
    return certificate


async def list_certificates(database: Database, account_id: str, client_id: str) -> list[CertificateView]:
    """Oldest first. Raises NotFound for an unknown client."""

    def unit(conn: Connection) -> list[ClientCertificate] | None:
        if store.find_account_client(conn, account_id, client_id) is None:
            return None
        return certificate_store.list_certificates(conn, account_id, client_id)

    found = await database.read(unit)
    if found is None:
        raise NotFound
    return [certificate_view(certificate) for certificate in found]


async def remove_certificate(
    database: Database, notices: SecurityNotices, actor: Actor, account_id: str, client_id: str, certificate_id: str
) -> None:
    """Remove a certificate, and revoke the tokens that are bound to it.

    Raises NotFound, or Conflict for the last one of a client that could get no token without it.
    """

    def unit(conn: Connection) -> CertificateView | PublicError:
        client = store.find_account_client(conn, account_id, client_id, lock=True)
        known = certificate_store.list_certificates(conn, account_id, client_id)
        found = next((one for one in known if one.id == certificate_id), None)
        if client is None or found is None:
            return NotFound()
        if (error := check_removal(conn, client, certificate_id)) is not None:
            return error
        certificate_store.delete_certificate(conn, account_id, client_id, certificate_id)
        revoke_certificate(conn, account_id, client_id, certificate_id)
        invalidate_client(conn, account_id, client_id, client.epoch)
        details = {"certificate_id": certificate_id, "name": found.name}
        audit.record(conn, account_id, actor, "client.certificate_removed", client_id, details)
        return certificate_view(found)

    named = _named(value_or_raise(await write_as(database, actor, unit)))
    mail_authentication_changed(
        notices, actor, account_id, client_id, lambda label: f"{named} was removed from {label}."
    )


def _named(certificate: CertificateView) -> str:
    return f"The certificate “{shown(certificate.name or certificate.thumbprint)}”"


def certificate_view(certificate: ClientCertificate) -> CertificateView:
    return CertificateView(
        id=certificate.id,
        name=certificate.name or certificate.subject[:MAX_NAME],
        created_by=certificate.created_by,
        last_used_at=seconds_or_none(certificate.last_used_at),
        last_used_ip=certificate.last_used_source,
        thumbprint=certificate.thumbprint,
        subject=certificate.subject,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        created_at=certificate.created_at // 1000,
    )
