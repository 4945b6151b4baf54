"""The SQL of passports as they are read, with the product, the version of it, and the issuer."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from linkxg.catalog.products.share_store import NOW, VIEWER, shares, visible_to
from linkxg.catalog.products.store import products
from linkxg.catalog.products.versions.store import versions
from linkxg.db.compiled import CompiledStatement
from linkxg.identity.accounts.store import accounts
from linkxg.network.passports.documents.model import (
    Issuer,
    PassportRecord,
    PassportVersionRecord,
    StoredPassport,
)
from linkxg.network.passports.issue.store import (
    IS_FIRST_MODEL,
    IS_OTHER_MODEL,
    PASSPORT_COLUMNS,
    gtins_of,
    passport_versions,
    passports,
)
from linkxg.network.passports.read.later_content_store import LATER_CONTENTS, LATER_VERSIONS

_p, _v = passports.c, passport_versions.c
_VERSION: tuple[ColumnElement[Any], ...] = (
    _v.version, _v.product_id, _v.product_version, _v.life_status, _v.issued_at, _v.details, products.c.status,
    versions.c.status.label("version_status"), versions.c.withdrawn_at, versions.c.withdraw_reason,
)  # fmt: skip
_ISSUER = (accounts.c.name, accounts.c.slug, accounts.c.gln)
_WIDTHS = (len(PASSPORT_COLUMNS), len(_VERSION), len(_ISSUER))
_of_passport = and_(_v.account_id == _p.account_id, _v.passport_id == _p.id)
_is_product = and_(products.c.account_id == _v.account_id, products.c.id == _v.product_id)
_is_content = and_(
    versions.c.account_id == _v.account_id,
    versions.c.product_id == _v.product_id,
    versions.c.version == _v.product_version,
)
_NO_CONTENT = "{}"
_PASSPORT = bindparam("passport", type_=String)


def _stored(version: ColumnElement[Any], *more: ColumnElement[Any]) -> Select[Any]:
    """Passports, each joined with that version of it."""
    joined = (
        passports.join(passport_versions, and_(_of_passport, _v.version == version))
        .join(products, _is_product)
        .join(versions, _is_content)
        .join(accounts, accounts.c.id == _p.account_id)
    )
    return select(*PASSPORT_COLUMNS, *_VERSION, *_ISSUER, *more).select_from(joined)


_empty: ColumnElement[str] = literal_column("''")
_CONTENTS = (*LATER_CONTENTS, versions.c.content)


def _by_id(version: ColumnElement[Any]) -> CompiledStatement:
    return CompiledStatement(_stored(version, *_CONTENTS).where(_p.id == _PASSPORT))


_newest_until = (
    select(func.max(_v.version))
    .where(_of_passport, _v.issued_at <= bindparam("as_of", type_=BigInteger))
    .correlate(passports)
    .scalar_subquery()
)
_NEWEST = _by_id(_p.version)
_WITHOUT_CONTENT = CompiledStatement(_stored(_p.version, *LATER_VERSIONS).where(_p.id == _PASSPORT))
_NUMBERED = _by_id(bindparam("version", type_=BigInteger))
_AS_OF = _by_id(_newest_until)
_ROLES = CompiledStatement(
    select(shares.c.passport_roles, shares.c.versions)
    .select_from(products.join(shares, visible_to(VIEWER, NOW)))
    .where(products.c.account_id == bindparam("account"), products.c.id == bindparam("product"))
)

_models_with_version = (
    select(_p.id, _v.version)
    .join_from(passports, passport_versions, _of_passport)
    .where(
        _p.account_id == bindparam("account", type_=String),
        _v.product_id == _p.product_id,
        _v.product_version == bindparam("version", type_=BigInteger),
    )
)
_PRODUCT = bindparam("product", type_=String)
_OF_PRODUCT = CompiledStatement(
    union_all(
        _models_with_version.where(_p.id == _PRODUCT, *IS_FIRST_MODEL),
        _models_with_version.where(_p.product_id == _PRODUCT, *IS_OTHER_MODEL),
    )
)


class Edition(NamedTuple):
    """Which version of a passport is wanted: a number, the one of a time in milliseconds, or the newest."""

    version: int | None = None
    as_of: int | None = None


def find_stored_passport(conn: Connection, passport_id: str, edition: Edition) -> StoredPassport | None:
    """A passport of any account."""
    values: dict[str, Any] = {"passport": passport_id}
    if edition.version is not None:
        row = _NUMBERED.first(conn, {**values, "version": edition.version})
    elif edition.as_of is not None:
        row = _AS_OF.first(conn, {**values, "as_of": edition.as_of})
    else:
        row = _NEWEST.first(conn, values)
    return None if row is None else _with_contents(row)


def find_without_content(conn: Connection, passport_id: str) -> Any:
    """All of a passport of any account but its content, which is the same as long as the number of its version is.

    Also the numbers of the versions with the later contents.
    """
    return _WITHOUT_CONTENT.first(conn, {"passport": passport_id})


def find_carrier_passport(conn: Connection, passport_id: str) -> StoredPassport | None:
    """A passport of any account with its newest version, without content: its data carrier needs none."""
    row = find_without_content(conn, passport_id)
    return None if row is None else _stored_of(row, _NO_CONTENT)


def _with_contents(row: Any) -> StoredPassport:
    *later, content = row[-len(_CONTENTS) :]
    return _stored_of(row, content, tuple(one for one in later if one is not None))


def _stored_of(row: Any, content: str, later_contents: tuple[str, ...] = ()) -> StoredPassport:
    first, second, third = _WIDTHS
    return StoredPassport(
        PassportRecord._make(row[:first]),
        PassportVersionRecord._make(row[first : first + second]),
        Issuer._make(row[first + second : first + second + third]),
        content,
        later_contents,
    )


def list_share_roles(
    conn: Connection, viewer_id: str, account_id: str, product_id: str, now: int
) -> list[tuple[str, str]]:
    """(roles as JSON, versions) of each live share that shows the viewer the product of a partner."""
    values = {"viewer": viewer_id, "now": now, "account": account_id, "product": product_id}
    return [(row[0], row[1]) for row in _ROLES.all(conn, values)]


def list_passport_versions(
    conn: Connection, passport_id: str, *, before: int | None, limit: int
) -> list[StoredPassport]:
    """The versions of a passport of any account below `before`, newest first, without content."""
    query = _stored(_v.version).where(_p.id == passport_id).order_by(_v.version.desc()).limit(limit)
    if before is not None:
        query = query.where(_v.version < before)
    return [_stored_of(row, _NO_CONTENT) for row in conn.execute(query)]


def list_contents_until(
    conn: Connection, account_id: str, passport_id: str, version: int, *, limit: int
) -> list[StoredPassport]:
    """The versions of a passport up to this one, newest first, with their contents."""
    of_passport = (_p.account_id == account_id, _p.id == passport_id)
    query = _stored(_v.version, *_CONTENTS).where(*of_passport, _v.version <= version)
    rows = conn.execute(query.order_by(_v.version.desc()).limit(limit))
    return [_with_contents(row) for row in rows]


def list_model_passports(conn: Connection, account_id: str, gtins: Iterable[str]) -> list[StoredPassport]:
    """The newest versions of the passports of the account's models that have these GTINs, with their contents."""
    query = _stored(_p.version, versions.c.content).where(_p.account_id == account_id, _p.gtin14.in_([*gtins]))
    rows = conn.execute(query.where(_p.lot == _empty, _p.serial == _empty))
    return [_stored_of(row, row[-1]) for row in rows]


def find_passport_of_version(
    conn: Connection, account_id: str, product_id: str, version: int
) -> tuple[str, int] | None:
    """(id, version) of the passport of the model that has this version of the product."""
    row = _OF_PRODUCT.first(conn, {"account": account_id, "product": product_id, "version": version})
    return None if row is None else (row[0], row[1])


Identity = tuple[str, str, str]
"""GTIN, lot and serial."""


class PassportFilter(NamedTuple):
    product_id: str | None = None
    gtin14: str | None = None
    lot: str | None = None
    serial: str | None = None


def list_passports(
    conn: Connection, account_id: str, wanted: PassportFilter, *, after: Identity | None, limit: int
) -> list[StoredPassport]:
    """The account's own passports with their newest versions, by identity, without content."""
    query = _filtered(_stored(_p.version), wanted).where(_p.account_id == account_id)
    if wanted.product_id is not None:
        query = query.where(_p.gtin14.in_(gtins_of(wanted.product_id)))
    return [_stored_of(row, _NO_CONTENT) for row in conn.execute(_paged(query, wanted, after, limit))]


def list_shared_passports(
    conn: Connection, viewer_id: str, wanted: PassportFilter, now: int, *, after: Identity | None, limit: int
) -> list[StoredPassport]:
    """The passports of a product of a partner, as in `list_passports`, if a live share gives the viewer a role."""
    visible = select(shares.c.id).where(visible_to(literal(viewer_id), literal(now)), shares.c.passport_roles != "[]")
    query = _filtered(_stored(_p.version), wanted).where(visible.correlate(products).exists())
    owner = select(products.c.account_id).where(products.c.id == wanted.product_id, products.c.latest_version > 0)
    query = query.where(_p.account_id.in_(owner), _p.gtin14.in_(gtins_of(wanted.product_id or "")))
    return [_stored_of(row, _NO_CONTENT) for row in conn.execute(_paged(query, wanted, after, limit))]


def _filtered(query: Select[Any], wanted: PassportFilter) -> Select[Any]:
    conditions = {
        _p.product_id: wanted.product_id, _p.gtin14: wanted.gtin14, _p.lot: wanted.lot, _p.serial: wanted.serial,
    }  # fmt: skip
    given = {column: value for column, value in conditions.items() if value is not None}
    # As the indexes of lots and of serial numbers have it.
    not_empty = [column != _empty for column in (_p.lot, _p.serial) if given.get(column)]
    return query.where(*(column == value for column, value in given.items()), *not_empty)


def _paged(query: Select[Any], wanted: PassportFilter, after: Identity | None, limit: int) -> Select[Any]:
    identity = (_p.gtin14, _p.lot, _p.serial)
    if after is not None and wanted.gtin14 is not None:
        # With the GTIN in the comparison, SQLite would read on to the end of the account.
        query = query.where(tuple_(*identity[1:]) > after[1:])
    elif after is not None:
        query = query.where(tuple_(*identity) > after)
        if wanted.product_id is not None:
            gtins = gtins_of(wanted.product_id).subquery()
            query = query.where(_p.gtin14 <= select(func.max(gtins.c.gtin14)).scalar_subquery())
    return query.order_by(*identity).limit(limit)
