"""What a client loses by narrower scopes or address ranges, as sentences of the confirmation page."""

from collections.abc import Iterable, Sequence

from linkxg.clock import now_ms
from linkxg.console.formatting import ago, count
from linkxg.http.client_ip import Network, parse_address, parse_network
from linkxg.identity.clients.read_client import ClientDetail
from linkxg.identity.tokens.scopes import SCOPES


def narrowing_effects(detail: ClientDetail, removed: Iterable[str], ranges: Sequence[str] | None) -> list[str]:
    """One sentence for each scope or address that is lost; empty if none is."""
    now, found = now_ms(), []
    for scope in SCOPES:
        if scope in removed:
            used = detail.scopes.get(scope)
            found.append(
                f"{scope} was needed {count(used.uses, 'time')}, last {ago(used.last_used_at, now)}. Remove it?"
                if used
                else f"{scope} has not been needed by any API call. Remove it?"
            )
    if found:
        found.append("The client's live tokens are revoked within a second, and it requests new ones.")
    if ranges is not None and _narrower(detail.client.cidrs, ranges):
        networks = [parse_network(text) for text in ranges]
        excluded = []
        for at, source in _used_addresses(detail):
            if _excludes(source, networks):
                excluded.append(f"The address that used this client {ago(at, now)}, {source}, is not in these ranges.")
        found += excluded[:10] or ["The new ranges include every address from which the client was last used."]
    return found


def _excludes(source: str, networks: Sequence[Network]) -> bool:
    """Whether no range contains the address, or overlaps the IPv6 /64, that used a secret."""
    address = parse_address(source)
    if address is not None:
        return not any(address in network for network in networks)
    try:
        used = parse_network(source)
    except ValueError:
        return False
    return not any(used.overlaps(network) for network in networks if network.version == used.version)


def _narrower(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether some address that `before` allows is not allowed by `after`."""
    if not after:
        return False
    wide = [parse_network(text) for text in after]

    def inside(text: str) -> bool:
        narrow = parse_network(text)
        return any(one.version == narrow.version and narrow.subnet_of(one) for one in wide)  # type: ignore[arg-type]

    return not before or not all(inside(text) for text in before)


def _used_addresses(detail: ClientDetail) -> list[tuple[int, str]]:
    """When each address last used a live secret, the latest first."""
    latest: dict[str, int] = {}
    for row in detail.sources:
        latest.setdefault(row.source, row.last_used_at)
    # Uses recorded before addresses were kept.
    for secret in detail.client.live_secrets(now_ms()):
        if secret.last_used_at is not None and secret.last_used_source:
            latest.setdefault(secret.last_used_source, secret.last_used_at)
    return sorted(((at, source) for source, at in latest.items()), reverse=True)
