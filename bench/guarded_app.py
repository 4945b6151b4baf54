"""The Starlette application that `bench.guarded_service` guards. Run as `python -m bench.guarded_app PORT [guarded]`.

Settings of the guard come as JSON in GUARD.
"""

import json
import os
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from linkxg_guard import Guard, GuardMiddleware, GuardSettings

ORDER = {"id": "order", "lines": [{"sku": f"B-{number}", "quantity": number} for number in range(16)]}


async def order(_: Request) -> JSONResponse:
    return JSONResponse(ORDER)


if __name__ == "__main__":
    app: Any = Starlette(routes=[Route("/order", order)])
    if sys.argv[2:]:
        app = GuardMiddleware(app, Guard(GuardSettings(**json.loads(os.environ["GUARD"]))), scopes="products:read")
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_config=None, access_log=False)
