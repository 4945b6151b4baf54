"""The domains of an account's e-mail addresses, verified by a DNS TXT record or by the operator.

Whoever can publish a record below the domain decides who signs in with its addresses.
"""

import secrets
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.identity.accounts.store import find_account
from linkxg.identity.authorization.write_as import require_authorised, write_as
from linkxg.identity.federation import store
from linkxg.identity.federation.addresses import Resolver
from linkxg.identity.federation.model import MAX_DOMAINS, EmailDomain, EmailDomainView, normalize_domain
from linkxg.identity.federation.provider_fault import ProviderFault

DOMAIN_CHECKS = Budget("domain-checks", 120, 3_600)
_OF_ANOTHER = "Another account has verified this domain."
_TOO_MANY = f"An account can have {MAX_DOMAINS} domains."


def _not_claimed(domain: str) -> str:
    return (
        f"The account has not added the domain {domain}: an Owner does so under Account, Single sign-on. To add and "
        "verify it now, use --claim."
    )


class CheckedDomain(NamedTuple):
    """A verified domain; `is_new` unless it was verified before."""

    view: EmailDomainView
    is_new: bool


async def list_email_domains(database: Database, account_id: str) -> list[EmailDomainView]:
    return [domain_view(one) for one in await database.read_single(store.list_domains, account_id)]


async def claim_domain(database: Database, actor: Actor, account_id: str, text: str) -> EmailDomainView:
    """Add a domain, to be verified by its record. Raises ValidationFailed, or Conflict if there are too many."""
    domain = _normalized(text)

    def unit(conn: Connection) -> EmailDomain | PublicError:
        found = store.find_domain(conn, account_id, domain)
        if found is not None:
            return found
        if store.count_domains(conn, account_id) >= MAX_DOMAINS:
            return Conflict(_TOO_MANY)
        store.insert_domain(conn, account_id, domain=domain, token=secrets.token_hex(16), created_at=now_ms())
        audit.record(conn, account_id, actor, "email_domain.claimed", account_id, {"domain": domain})
        return store.find_domain(conn, account_id, domain) or NotFound()

    return domain_view(value_or_raise(await write_as(database, actor, unit)))


async def check_domain(
    database: Database, resolver: Resolver, actor: Actor, account_id: str, text: str
) -> CheckedDomain:
    """Verify a claimed domain by its TXT record.

    Raises NotFound, or Conflict if the record is not there or another account has verified the domain.
    """
    domain = _normalized(text)
    await require_authorised(database, actor)
    found = await database.read_single(store.find_domain, account_id, domain)
    if found is None:
        raise NotFound
    if found.verified_at is not None:
        return CheckedDomain(domain_view(found), is_new=False)
    try:
        texts = await resolver.texts(found.record_name)
    except ProviderFault as fault:
        raise Conflict(fault.message) from None
    if found.record_value not in texts:
        more = "another TXT record is there" if texts else "no TXT record is there"
        raise Conflict(f"The TXT record was not found: {more}. A new record may take minutes to be seen.")

    def unit(conn: Connection) -> EmailDomain | PublicError:
        # Claimed anew meanwhile, it has another record.
        if store.find_domain(conn, account_id, domain) != found:
            return NotFound()
        return _verify(conn, actor, account_id, domain, "dns")

    return CheckedDomain(domain_view(value_or_raise(await write_as(database, actor, unit))), is_new=True)


async def verify_by_operator(
    database: Database, actor: Actor, account_id: str, text: str, *, claims: bool
) -> CheckedDomain:
    """Verify a domain that the operator knows to be the account's; with `claims`, one that it has not added, too.

    Raises ValidationFailed, or Conflict if the domain is another account's, or not added: a typing error would give the
    sign-in of strangers to this account.
    """
    domain = _normalized(text)

    def unit(conn: Connection) -> CheckedDomain | PublicError:
        found = store.find_domain(conn, account_id, domain)
        if found is not None and found.verified_at is not None:
            return CheckedDomain(domain_view(found), is_new=False)
        if found is None and not claims:
            return Conflict(_not_claimed(domain))
        if found is None:
            store.insert_domain(conn, account_id, domain=domain, token=secrets.token_hex(16), created_at=now_ms())
            audit.record(conn, account_id, actor, "email_domain.claimed", account_id, {"domain": domain})
        verified = _verify(conn, actor, account_id, domain, "operator")
        return verified if isinstance(verified, PublicError) else CheckedDomain(domain_view(verified), is_new=True)

    return value_or_raise(await database.write(unit))


async def find_account_id(database: Database, account: str) -> str | None:
    """The account with this id or slug, for the operator."""

    def unit(conn: Connection) -> str | None:
        found = find_account(conn, account)
        return str(found.id) if found is not None else find_account_by_slug(conn, account)

    return await database.read(unit)


async def remove_domain(database: Database, actor: Actor, account_id: str, text: str) -> str:
    """Returns the domain as it was stored. People linked already keep signing in by their link. Raises NotFound."""
    domain = _normalized(text)

    def unit(conn: Connection) -> bool:
        if not store.delete_domain(conn, account_id, domain):
            return False
        audit.record(conn, account_id, actor, "email_domain.removed", account_id, {"domain": domain})
        return True

    if not await write_as(database, actor, unit):
        raise NotFound
    return domain


def is_verified(conn: Connection, account_id: str, domain: str) -> bool:
    """Inside a unit of work: whether this account has verified the domain."""
    return store.find_verified_domain(conn, account_id, domain) is not None


def domain_view(found: EmailDomain) -> EmailDomainView:
    return EmailDomainView(
        domain=found.domain,
        verified=found.verified_at is not None,
        record_name=found.record_name,
        record_value=found.record_value,
        created_at=rfc3339(found.created_at),
        verified_at=rfc3339(found.verified_at) if found.verified_at is not None else None,
    )


def _verify(conn: Connection, actor: Actor, account_id: str, domain: str, how: str) -> EmailDomain | PublicError:
    if not store.verify_domain(conn, account_id, domain, now_ms()):
        return Conflict(_OF_ANOTHER)
    audit.record(conn, account_id, actor, "email_domain.verified", account_id, {"domain": domain, "by": how})
    return store.find_domain(conn, account_id, domain) or NotFound()


def _normalized(text: str) -> str:
    domain = normalize_domain(text)
    if domain is None:
        message = "Enter a domain such as example.com."
        raise ValidationFailed(details=[{"field": "domain", "code": "invalid", "message": message}])
    return domain
