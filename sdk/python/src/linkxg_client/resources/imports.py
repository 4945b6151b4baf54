"""Imports of product files."""

from __future__ import annotations

from collections.abc import Callable

from linkxg_client.calls import imports as calls
from linkxg_client.models.imports import ImportJob
from linkxg_client.resources.methods import (
    AsyncListMethod,
    AsyncMethod,
    AsyncResource,
    ListMethod,
    Method,
    Resource,
)


class Imports(Resource):
    """Imports of product files."""

    start = Method(calls.start)
    get = Method(calls.get)
    list = ListMethod(calls.list_imports)
    errors = ListMethod(calls.list_errors)
    rejected_rows = Method(calls.rejected_rows)
    cancel = Method(calls.cancel)
    retry = Method(calls.retry)

    def wait(self, job: ImportJob, on_progress: Callable[[ImportJob], None] | None = None) -> ImportJob:
        """The job when it has ended. `on_progress` is called with each state on the way."""
        while not job.is_done:
            if on_progress is not None:
                on_progress(job)
            job = self.get(job.id, wait=calls.WAIT_S if on_progress is None else 1)
        if on_progress is not None:
            on_progress(job)
        return job


class AsyncImports(AsyncResource):
    """Imports of product files, for asyncio."""

    start = AsyncMethod(calls.start)
    get = AsyncMethod(calls.get)
    list = AsyncListMethod(calls.list_imports)
    errors = AsyncListMethod(calls.list_errors)
    rejected_rows = AsyncMethod(calls.rejected_rows)
    cancel = AsyncMethod(calls.cancel)
    retry = AsyncMethod(calls.retry)

    async def wait(self, job: ImportJob, on_progress: Callable[[ImportJob], None] | None = None) -> ImportJob:
        """The job when it has ended. `on_progress` is called with each state on the way."""
        while not job.is_done:
            if on_progress is not None:
                on_progress(job)
            job = await self.get(job.id, wait=calls.WAIT_S if on_progress is None else 1)
        if on_progress is not None:
            on_progress(job)
        return job
