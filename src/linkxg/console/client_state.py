"""The state of a client as one word and a colour that the word does not depend on."""

from typing import NamedTuple

from linkxg.clients.model import Client
from linkxg.clock import DAY
from linkxg.console.words import left

LIVELY_MS = 7 * DAY
EXPIRY_WARNING_MS = 30 * DAY
UNUSED_AFTER_MS = 90 * DAY


class State(NamedTuple):
    """`kind` is `good`, `idle`, `warn` or `bad`."""

    kind: str
    text: str


def state_of(client: Client, now: int) -> State:
    live = client.live_secrets(now)
    if client.disabled:
        return State("bad", "disabled")
    if not live:
        return State("bad", "secret expired")
    if len(live) > 1:
        ends = live[0].expires_at
        return State("warn", f"2 secrets, one ends in {left(ends - now)}" if ends else "2 secrets")
    ends = live[0].expires_at
    if ends is not None and ends - now < EXPIRY_WARNING_MS:
        return State("warn", f"secret expires in {left(ends - now)}")
    if client.last_used_at is None:
        return State("idle", "not used yet")
    return State("good", "live") if now - client.last_used_at < LIVELY_MS else State("idle", "idle")


def unused_scopes(client: Client, used: dict[str, int], now: int) -> list[str]:
    """Granted scopes that no call has needed for 90 days; none while the client has made no call at all."""
    if not used:
        return []
    return [scope for scope in sorted(client.scopes) if used.get(scope, 0) < now - UNUSED_AFTER_MS]
