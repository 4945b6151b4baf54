"""Rotates the secret of a file on a schedule: of several processes that share it, one does."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Self

from linkxg_client.client_credentials import ClientCredentials
from linkxg_client.errors import LinkXGError, SecretUnavailable
from linkxg_client.rotate_secret import Rotation
from linkxg_client.secret_file import SecretFile
from linkxg_client.steps import Flow

logger = logging.getLogger("linkxg_client")
AFTER_FAULT_S = 600.0
LONGEST_WAIT_S = 3_600.0


class RotationSchedule:
    """Rotates once the secret is older than `every`. The old one works for `overlap` longer.

    Start it as a thread (`with schedule:`) or as a task (`await schedule.run()`), or call `rotate_if_due()` yourself.
    """

    def __init__(
        self, credentials: ClientCredentials, *, every: timedelta, overlap: timedelta = timedelta(days=1),
        scope: str | None = None,
    ) -> None:  # fmt: skip
        if every <= overlap:
            raise ValueError("The overlap has to be shorter than the interval.")
        if not isinstance(credentials.source, SecretFile):
            raise SecretUnavailable("A schedule needs a SecretFile: it says how old the secret is.")
        self._credentials = credentials
        self._file = credentials.source
        self._every = every.total_seconds()
        self._overlap = overlap
        self._scope = scope
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def due_in(self) -> float:
        """Seconds until the secret is to be rotated; 0 if it is due."""
        return max(0.0, self._file.rotated_at() + self._every - self._credentials.connection.clock.time())

    def rotate_if_due(self) -> bool:
        """Whether this call has rotated."""
        return not self.due_in() and self._credentials.connection.run(self._rotation()).rotated

    async def arotate_if_due(self) -> bool:
        return not self.due_in() and (await self._credentials.connection.arun(self._rotation())).rotated

    def _rotation(self) -> Flow[Rotation]:
        return self._credentials.rotation(self._overlap, scope=self._scope, is_due=lambda: not self.due_in())

    async def run(self) -> None:
        """Rotate whenever it is due, until the task is cancelled."""
        clock = self._credentials.connection.clock
        while True:
            try:
                await self.arotate_if_due()
                pause = self._pause()
            except LinkXGError as error:
                logger.warning("The secret could not be rotated: %s", error)
                pause = AFTER_FAULT_S
            await clock.asleep(pause)

    def start(self) -> None:
        """Rotate whenever it is due, in a thread that ends with the process."""
        self._thread = threading.Thread(target=self._loop, daemon=True, name="linkxg-rotation")
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _loop(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                self.rotate_if_due()
                pause = self._pause()
            except LinkXGError as error:
                logger.warning("The secret could not be rotated: %s", error)
                pause = AFTER_FAULT_S

    def _pause(self) -> float:
        # Short enough to notice that somebody else has rotated, or set the clock.
        return min(max(self.due_in(), 1.0), LONGEST_WAIT_S)
