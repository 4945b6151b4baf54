"""The state of a client as a short text, with a colour."""

from typing import NamedTuple

from linkxg.clock import DAY
from linkxg.console.formatting import time_left
from linkxg.identity.clients.authentication_methods import BY_SECRET
from linkxg.identity.clients.model import Client

ACTIVE_MS = 7 * DAY
EXPIRY_WARNING_MS = 30 * DAY
UNUSED_AFTER_MS = 90 * DAY


class ClientState(NamedTuple):
    """`kind` is `good`, `idle`, `warn` or `bad`."""

    kind: str
    text: str


def state_of(client: Client, now: int) -> ClientState:
    live = client.live_secrets(now)
    if client.disabled:
        return ClientState("bad", "disabled")
    if not live and client.methods & BY_SECRET:
        # The last one was found itself, or made by one that was; or it was revoked while no method used it.
        revoked = bool(client.secrets) and client.secrets[-1].revoked_at is not None
        leaked = revoked and any(secret.leak_url is not None for secret in client.secrets)
        text = "secret found in public" if leaked else "secret revoked" if revoked else "secret expired"
        return ClientState("bad", text)
    if not live:
        return _of_use(client, now)
    if len(live) > 1:
        ends = live[0].expires_at
        return ClientState("warn", f"2 secrets, one ends in {time_left(ends - now)}" if ends else "2 secrets")
    ends = live[0].expires_at
    if ends is not None and ends - now < EXPIRY_WARNING_MS:
        return ClientState("warn", f"secret expires in {time_left(ends - now)}")
    return _of_use(client, now)


def _of_use(client: Client, now: int) -> ClientState:
    if client.last_used_at is None:
        return ClientState("idle", "not used yet")
    return ClientState("good", "live") if now - client.last_used_at < ACTIVE_MS else ClientState("idle", "idle")


def is_new(client: Client, now: int) -> bool:
    """Whether it is too early to call a scope of the client unused."""
    return client.created_at > now - UNUSED_AFTER_MS


def unused_scopes(client: Client, used: dict[str, int], now: int) -> list[str]:
    """Granted scopes that no call needed for 90 days; empty for a client that is younger, or has made no call yet."""
    if not used or is_new(client, now):
        return []
    return [scope for scope in sorted(client.scopes) if used.get(scope, 0) < now - UNUSED_AFTER_MS]
