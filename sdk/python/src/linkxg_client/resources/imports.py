"""Imports of product files."""

from __future__ import annotations

from linkxg_client.calls import import_steps as steps
from linkxg_client.calls import imports as calls
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncProcedureMethod,
    AsyncResource,
    ListMethod,
    Method,
    ProcedureMethod,
    Resource,
)


class Imports(Resource):
    """Imports of product files."""

    start = Method(calls.start)
    upload = ProcedureMethod(steps.upload)
    resume = ProcedureMethod(steps.resume)
    wait = ProcedureMethod(steps.wait)
    get = Method(calls.get)
    list = ListMethod(calls.list_imports)
    results = Method(calls.results)
    errors = ListMethod(calls.list_errors)
    rejected_rows = Method(calls.rejected_rows)
    cancel = Method(calls.cancel)
    retry = Method(calls.retry)


class AsyncImports(AsyncResource):
    """Imports of product files, for asyncio."""

    start = AsyncMethod(calls.start)
    upload = AsyncProcedureMethod(steps.upload)
    resume = AsyncProcedureMethod(steps.resume)
    wait = AsyncProcedureMethod(steps.wait)
    get = AsyncMethod(calls.get)
    list = AsyncListMethod(calls.list_imports)
    results = AsyncMethod(calls.results)
    errors = AsyncListMethod(calls.list_errors)
    rejected_rows = AsyncMethod(calls.rejected_rows)
    cancel = AsyncMethod(calls.cancel)
    retry = AsyncMethod(calls.retry)
