"""The SQL of slugs: of each account the present one, and the former ones, which stay its own.

Data carriers and signed passports name a slug for the life time of a product.
"""

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, func, select, union_all

from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.schema import metadata
from linkxg.identity.accounts.store import accounts

former_slugs = Table(
    "former_slugs",
    metadata,
    Column("account_id", String(36), ForeignKey("accounts.id"), nullable=False),
    Column("slug", String(39), primary_key=True),
    Index("ix_former_slugs_account_id", "account_id"),
)
_f = former_slugs.c


def claim_slug(conn: Connection, slug: str, account_id: str | None = None) -> bool:
    """Whether no other account has or had the slug; nobody else can take it until the transaction ends."""
    lock_until_commit(conn, f"slug {slug}")
    return find_account_by_slug(conn, slug) in (None, account_id)


def find_account_by_slug(conn: Connection, slug: str) -> str | None:
    """The id of the account that has the slug, or had it."""
    # One statement: that of an invitation must not tell whether there is such an account.
    present, former = select(accounts.c.id).where(accounts.c.slug == slug), select(_f.account_id).where(_f.slug == slug)
    found: str | None = conn.execute(union_all(present, former)).scalar()
    return found


def count_former_slugs(conn: Connection, account_id: str) -> int:
    return int(conn.execute(select(func.count()).where(_f.account_id == account_id)).scalar_one())


def replace_former_slug(conn: Connection, account_id: str, former: str, present: str) -> None:
    """Keep the former slug for the account; the present one may have been a former one."""
    conn.execute(former_slugs.delete().where(_f.account_id == account_id, _f.slug == present))
    conn.execute(former_slugs.insert().values(account_id=account_id, slug=former))
