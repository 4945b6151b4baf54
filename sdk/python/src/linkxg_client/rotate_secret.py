"""Replaces a client's secret: the new one is stored before the old one ends, and a lost answer is asked for again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from linkxg_client.access_token import AccessToken
from linkxg_client.auth import UNAUTHORIZED, TokenAuth, is_token_rejected
from linkxg_client.connection import Connection
from linkxg_client.errors import SecretUnavailable, UnexpectedAnswer, error_of, json_object
from linkxg_client.retry import IDEMPOTENCY_KEY, RetryPolicy, send_with_retry
from linkxg_client.secret import Secret
from linkxg_client.secret_sources import RotatableSource, RotationSlot, SecretSource
from linkxg_client.steps import Flow, Sleep, block

LONGEST_OVERLAP = timedelta(days=7)
POLL_S = 0.05
_STALE = {409, 422}


@dataclass(frozen=True)
class Rotation:
    """What a rotation did. The secret itself is in its source."""

    rotated: bool
    """False if it was not due: another process has rotated in the meantime."""
    previous_expires_at: datetime | None = None
    """When the old secret ends; None if it has."""
    expires_at: datetime | None = None
    """When the new secret ends; None if it does not."""
    revoked_tokens: bool = False


def rotate(
    connection: Connection,
    client_id: str,
    source: SecretSource,
    token: AccessToken,
    refetch: Callable[[Secret], Flow[AccessToken]],
    overlap: timedelta,
    revoke_tokens: bool,
    policy: RetryPolicy,
    is_due: Callable[[], bool] | None,
) -> Flow[Rotation]:
    """Rotate while no other process does. Nothing here waits for a token of others: they may wait for this."""
    if not isinstance(source, RotatableSource):
        raise SecretUnavailable("The new secret could not be stored: use a SecretFile, a keyring or a function.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValueError("The overlap is at most 7 days.")
    body: dict[str, object] = {"grace_period_seconds": int(overlap.total_seconds()), "revoke_tokens": revoke_tokens}
    while (slot := source.try_rotate()) is None:
        yield Sleep(POLL_S)
    try:
        if is_due is not None and not slot.is_continued and not (yield from block(is_due)):
            yield from block(slot.forget_key)
            return Rotation(rotated=False)
        response = yield from _send(connection, client_id, slot, token, source, refetch, body, policy)
        if slot.is_continued and response.status_code in _STALE:
            # The rotation that did not end was another one, or its secret has been replaced since.
            yield from block(slot.renew_key)
            response = yield from _send(connection, client_id, slot, token, source, refetch, body, policy)
        if response.status_code != 200:
            error = error_of(response, connection.clock)
            if error.status < 500:
                yield from block(slot.forget_key)
            raise error
        answer = dict(json_object(response) or {})
        if not isinstance(answer.get("client_secret"), str):
            raise UnexpectedAnswer("The answer to the rotation has no secret.")
        secret = Secret(answer.pop("client_secret"))
        yield from block(lambda: slot.store(secret))
        return _read(answer)
    finally:
        slot.release()


def _send(
    connection: Connection,
    client_id: str,
    slot: RotationSlot,
    token: AccessToken,
    source: SecretSource,
    refetch: Callable[[Secret], Flow[AccessToken]],
    body: dict[str, object],
    policy: RetryPolicy,
) -> Flow[httpx.Response]:
    request, clock = _request(connection, client_id, slot.key, body), connection.clock
    response = yield from send_with_retry(request, policy, clock, auth=TokenAuth(token, clock))
    if response.status_code == UNAUTHORIZED and is_token_rejected(response):
        another = yield from refetch((yield from block(source.read)))
        request = _request(connection, client_id, slot.key, body)
        response = yield from send_with_retry(request, policy, clock, auth=TokenAuth(another, clock))
    return response


def _request(connection: Connection, client_id: str, key: str, body: dict[str, object]) -> httpx.Request:
    path = f"/oauth/clients/{client_id}/rotate"
    return connection.request("POST", path, headers={IDEMPOTENCY_KEY: key}, json=body)


def _read(answer: Any) -> Rotation:
    return Rotation(
        rotated=True,
        previous_expires_at=_moment(answer.get("previous_secret_expires_at")),
        expires_at=_moment(answer.get("client_secret_expires_at")),
        revoked_tokens=bool(answer.get("revoked_tokens")),
    )


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds else None
