"""`/identifiers`: are they what they are said to be?"""

from collections.abc import Sequence

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from linkxg.identifiers.model import Checked, Identifiers
from linkxg.identifiers.validate import validate
from linkxg.web.pages import Success
from linkxg.web.permits import scope


def routes() -> Sequence[HTTPRouteHandler]:
    @post(
        "/identifiers/validate",
        operation_id="validateIdentifiers",
        tags=["Products"],
        status_code=200,
        **scope("products:read"),
    )
    async def check(data: JSONBody[Identifiers]) -> Success[list[Checked]]:
        """Check up to 1,000 GTINs, GLNs, SSCCs, Digital Links and EPC URNs.

        An identifier that is wrong is an answer; one that is right comes with its normal form.
        """
        return Success(data=[validate(one) for one in data.identifiers])

    return [check]
