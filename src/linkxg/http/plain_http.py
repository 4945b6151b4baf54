"""Decides which requests of a monitor are served over plain HTTP where callers have to use HTTPS.

Behind a proxy that ends TLS, a monitor on the machine, or on the operators' network, asks the service itself. It gets
the monitoring endpoints: from this machine, or with the metrics token from a network of the operators. Whatever a proxy
has passed on is neither: any forwarding header field makes it a request from elsewhere (RFC 7239 §8.1).
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
        """Whether this request, which did not come by HTTPS, is answered all the same."""
        if path not in self._paths or was_forwarded(headers):
            return False
        address = parse_address(peer[0]) if peer else None
        if address is None or address.is_loopback:
            return True
        return any(address in network for network in self._networks) and has_token(headers, self._token)


def was_forwarded(headers: Headers) -> bool:
    """Whether a proxy says that it has passed the request on."""
    return any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name, _ in headers)


def is_direct(headers: Headers, http_version: str) -> bool:
    """Whether a request from a loopback address was made there, and not passed on by a proxy of this machine.

    A proxy that adds no forwarding header field betrays itself by the host that its caller asked, or by HTTP/1.0.
    """
    hosts = [value for name, value in headers if name == b"host"]
    loopback = len(hosts) == 1 and _LOOPBACK_HOST.fullmatch(hosts[0]) is not None
    return loopback and http_version != "1.0" and not was_forwarded(headers)


def has_token(headers: Headers, token: str) -> bool:
    """Whether the request carries the metrics token once, and there is one."""
    presented = [value for name, value in headers if name == b"authorization"]
    return bool(token) and len(presented) == 1 and hmac.compare_digest(presented[0], b"Bearer " + token.encode())
