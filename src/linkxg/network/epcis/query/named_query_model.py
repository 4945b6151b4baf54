"""A named query as it is sent and shown (EPCIS 2.0 §8.2.7, `queries`)."""

from typing import Annotated, Any, ClassVar

import msgspec

from linkxg.http.route_declaration import described

MAX_NAME = 100
MAX_QUERIES = 200
"""Of an account."""


class NamedQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`query` has the parameters of `GET /epcis/events`, lists as arrays, and `@context` for the prefixes of fields."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "shipped",
        "query": {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping"]},
    }

    name: Annotated[str, described(minLength=1, maxLength=MAX_NAME)]
    query: dict[str, Any]
