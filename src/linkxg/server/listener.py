"""Opens listening sockets, and tests whether the service answers at an address."""

import http.client
import socket
import ssl

BACKLOG = 2_048
_TIMEOUT_S = 3.0
_REJECTED = b"this service does not answer plain HTTP"


def listen(host: str, port: int) -> list[socket.socket]:
    """One listening socket per address of `host`; connections wait in the backlog until the service accepts them.

    Raises OSError when the port is in use, or the host is unknown or not an address of this machine.
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
    """Whether this program answers at the address."""
    connection: http.client.HTTPConnection
    if tls:
        # The certificate is verified by another check.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        # To a request from an address other than loopback this program rejects plain HTTP, which identifies it too.
        body = response.read(500)
        return (response.status == 200 and b'"ok"' in body) or (response.status == 400 and _REJECTED in body)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
