"""A route is described by its own declaration: no table of `api_docs` names it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import post
from litestar.params import FromQuery, JSONBody
from msgspec import Meta

from architecture.program import ISSUER
from linkxg.api_docs.document import describe
from linkxg.errors import InvalidState
from linkxg.http.body_style import BodyStyle
from linkxg.http.headers import IdempotencyKey
from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.route_declaration import Tag

PUMPS = Tag("Pumps", "What moves liquids.")


class Pump(msgspec.Struct, forbid_unknown_fields=True):
    EXAMPLE: ClassVar[dict[str, Any]] = {"power": 2}

    power: Annotated[int, Meta(extra_json_schema={"minimum": 1})]
    id: str = ""


def described(**declared: Any) -> dict[str, Any]:
    @post("/pumps", operation_id="startPump", tags=[PUMPS], **declared, **scope("products:write"))
    async def start(
        data: JSONBody[Pump], cursor: FromQuery[str | None] = None, idempotency_key: IdempotencyKey = None
    ) -> Success[Pump]:
        """Start a pump. It runs until it is stopped."""
        return Success(data=data)

    return describe([start], {}, ISSUER, "1")


def statuses(document: dict[str, Any]) -> dict[str, set[str]]:
    answers = document["paths"]["/pumps"]["post"]["responses"].items()
    return {
        status: set(answer["content"]["application/json"]["examples"])
        for status, answer in answers
        if int(status) >= 400
    }


def test_a_declared_route_is_described() -> None:
    document = described(errors=(InvalidState,))
    operation = document["paths"]["/pumps"]["post"]
    assert (operation["summary"], operation["security"][0]) == ("Start a pump", {"oauth": ["products:write"]})
    assert operation["description"].startswith("It runs until it is stopped.")
    assert document["tags"] == [{"name": "Pumps", "description": "What moves liquids."}]
    body = operation["requestBody"]["content"]["application/json"]
    assert body["example"]["power"] == 2
    assert document["components"]["schemas"]["Pump"]["properties"]["power"]["minimum"] == 1
    assert statuses(document)["409"] == {"invalid_state"}


def test_errors_of_parameters_and_body_are_derived() -> None:
    found = statuses(described())
    assert found["400"] == {"invalid_request", "invalid_cursor"}
    assert found["422"] == {"validation_failed", "idempotency_key_reused"}
    assert "415" in found


def test_the_body_style_determines_the_error_schema() -> None:
    document = described(style=BodyStyle.OAUTH)
    assert "415" not in statuses(document)
    answer = document["paths"]["/pumps"]["post"]["responses"]["403"]["content"]["application/json"]
    assert answer["examples"]["insufficient_scope"]["value"].keys() == {"error", "error_description"}
