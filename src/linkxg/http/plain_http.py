"""Decides which requests of a monitor are served over plain HTTP, where other callers have to use HTTPS.

Behind a proxy that terminates TLS, a monitor queries the service directly: from this machine, or with the metrics token
from a monitoring network. A request with a forwarding header field came through a proxy: it is refused (RFC 7239 §8.1).
"""

import hmac
import re
from collections.abc import Collection, Sequence

from linkxg.http.client_ip import Network, parse_address
from linkxg.http.request_context import Headers

_FORWARDING = (b"forwarded", b"via", b"x-real-ip", b"x-client-ip")
_FORWARDING_PREFIX = b"x-forwarded-"
_LOOPBACK_HOST = re.compile(rb"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


class PlainHttp:
    """`paths` are the monitoring endpoints, `token` their bearer value, `networks` those from which it may be sent."""

    def __init__(self, paths: Collection[str], token: str, networks: Sequence[Network]) -> None:
        self._paths = frozenset(paths)
        self._token = token
        self._networks = tuple(networks)

    def allows(self, path: str, peer: tuple[str, int] | None, headers: Headers) -> bool:
        """Whether this request is served although it did not come over HTTPS."""
        if path not in self._paths or was_forwarded(headers):
            return False
        address = parse_address(peer[0]) if peer else None
        if address is None or address.is_loopback:
            return True
        return any(address in network for network in self._networks) and has_token(headers, self._token)


def was_forwarded(headers: Headers) -> bool:
    """Whether a proxy has forwarded the request, by its header fields."""
    return any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name, _ in headers)


def is_direct(headers: Headers, http_version: str) -> bool:
    """Whether a request from a loopback address was not forwarded by a proxy of this machine.

    A proxy without forwarding header fields is recognised by the Host of its caller, or by HTTP/1.0.
    """
    hosts = [value for name, value in headers if name == b"host"]
    loopback = len(hosts) == 1 and _LOOPBACK_HOST.fullmatch(hosts[0]) is not None
    return loopback and http_version != "1.0" and not was_forwarded(headers)


def has_token(headers: Headers, token: str) -> bool:
    """Whether there is a metrics token and the request has it, once."""
    presented = [value for name, value in headers if name == b"authorization"]
    return bool(token) and len(presented) == 1 and hmac.compare_digest(presented[0], b"Bearer " + token.encode())
