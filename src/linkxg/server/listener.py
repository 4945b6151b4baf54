"""Opens listening sockets, and tests whether an address answers."""

import http.client
import socket
import ssl

from linkxg.http.client_ip import PLAIN_HTTP_REFUSED

BACKLOG = 2_048
_TIMEOUT_S = 3.0


def listen(host: str, port: int) -> list[socket.socket]:
    """One listening socket per address of `host`: who connects from now on waits for the service, and is not refused.

    Raises OSError when somebody else listens there, or the host is unknown or not this machine's.
    """
    listeners: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ):
            listener = socket.socket(family, kind, protocol)
            listeners.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            listener.set_inheritable(True)
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def answers(host: str, port: int, *, tls: bool) -> bool:
    """Whether this program answers there."""
    connection: http.client.HTTPConnection
    if tls:
        # Whose certificate it is, is judged elsewhere; here only who answers counts.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        # From another address than loopback plain HTTP is refused, by this program all the same.
        expected = {200: '"ok"', 400: PLAIN_HTTP_REFUSED}.get(answer.status)
        return expected is not None and expected.encode() in answer.read(500)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
