"""`POST /dpp/validate`."""

import asyncio
from typing import Any

from litestar import Router, post
from litestar.params import JSONBody

from linkxg.http.pagination import Success
from linkxg.http.permissions import scope
from linkxg.http.rate_limits import Budget
from linkxg.network.passports.issue.routes import TAG
from linkxg.network.passports.validation.model import Validation
from linkxg.network.passports.validation.validate import validate

VALIDATIONS = Budget("passport-validations", 120, 60)


@post("/dpp/validate", operation_id="validatePassport", status_code=200, **scope("dpp:read", VALIDATIONS))
async def check(data: JSONBody[dict[str, Any]]) -> Success[Validation]:
    """Validate a Digital Product Passport of UNTP. By its schema, and by what its figures mean."""
    return Success(data=await asyncio.to_thread(validate, data))


def router() -> Router:
    return Router("/", tags=[TAG], route_handlers=[check])
