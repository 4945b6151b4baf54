"""Paths of members of a product's content, such as `dimensions.netWeight`."""

from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from linkxg.catalog.products.content import MAX_MEMBER_NAME, Content


@lru_cache(4_096)
def is_content_path(path: str) -> bool:
    """Whether a content can have this member; below attributes any name may stand."""
    kind: Any = Content
    for name in path.split("."):
        found = _members(kind)
        if found is None:
            if not 0 < len(name) <= MAX_MEMBER_NAME:
                return False
        elif name not in found:
            return False
        else:
            kind = found[name]
    return True


def _members(kind: Any) -> dict[str, Any] | None:
    """The members of an object, or of the objects of a list; None if it can have any."""
    origin = get_origin(kind)
    if origin is Annotated or origin is list:
        return _members(get_args(kind)[0])
    if origin in (Union, UnionType):
        found = [_members(one) for one in get_args(kind) if one is not type(None)]
        return next((one for one in found if one != {}), {})
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    return None if origin is dict or kind is Any else {}
