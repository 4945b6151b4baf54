"""The SQL of the contents that withhold fields of a version of a passport, besides its own.

They are the newest of the model of a batch or an item, and, under a former GTIN of a product, that of the product under
its present one, also if another product has taken the former GTIN over.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, and_, case, func, literal_column, or_, select

from linkxg.catalog.products.versions.store import versions
from linkxg.network.passports.issue.store import passport_versions, passports

_p, _v = passports.c, passport_versions.c
_empty: ColumnElement[str] = literal_column("''")


def _is_model(one: FromClause) -> ColumnElement[bool]:
    return and_(one.c.account_id == _p.account_id, one.c.lot == _empty, one.c.serial == _empty)


def _newest_content(model: FromClause, *conditions: ColumnElement[bool]) -> ScalarSelect[str]:
    """The content of the newest version of this passport of a model."""
    of_model, content = passport_versions.alias(), versions.alias()
    joined = model.join(
        of_model,
        and_(
            of_model.c.account_id == model.c.account_id,
            of_model.c.passport_id == model.c.id,
            of_model.c.version == model.c.version,
        ),
    ).join(
        content,
        and_(
            content.c.account_id == of_model.c.account_id,
            content.c.product_id == of_model.c.product_id,
            content.c.version == of_model.c.product_version,
        ),
    )
    is_other = or_(of_model.c.product_id != _v.product_id, of_model.c.product_version != _v.product_version)
    query = select(content.c.content).select_from(joined).where(*conditions, is_other)
    return query.correlate(passports, passport_versions).scalar_subquery()


_model = passports.alias()
_is_model_of_unit = and_(_is_model(_model), _model.c.gtin14 == _p.gtin14)
_is_unit = or_(_p.lot != _empty, _p.serial != _empty)
_MODEL_VERSION = case(
    (_is_unit, select(_model.c.version).where(_is_model_of_unit).correlate(passports).scalar_subquery())
)
_MODEL_CONTENT = case((_is_unit, _newest_content(_model, _is_model_of_unit)))


def _present(is_of_product: Any) -> ScalarSelect[str]:
    """The passport of the model of the product of the version under another GTIN, which is its present one."""
    other = passports.alias()
    is_present = (_is_model(other), other.c.gtin14 != _p.gtin14, other.c.successor_id.is_(None), is_of_product(other.c))
    return select(other.c.id).where(*is_present).correlate(passports, passport_versions).scalar_subquery()


# Two indexes: the first model of a product has its id.
_PRESENT_ID = func.coalesce(
    _present(lambda other: and_(other.id == _v.product_id, other.product_id == other.id)),
    _present(lambda other: and_(other.product_id == _v.product_id, other.id != other.product_id)),
)
_successor = passports.alias()
_is_successor = and_(_successor.c.account_id == _p.account_id, _successor.c.id == _PRESENT_ID)
_SUCCESSOR_VERSION = (
    select(_successor.c.version).where(_is_successor).correlate(passports, passport_versions).scalar_subquery()
)

LATER_CONTENTS: tuple[ColumnElement[Any], ...] = (_MODEL_CONTENT, _newest_content(_successor, _is_successor))
LATER_VERSIONS: tuple[ColumnElement[Any], ...] = (_MODEL_VERSION, _PRESENT_ID, _SUCCESSOR_VERSION)
"""They change whenever one of the contents does."""
