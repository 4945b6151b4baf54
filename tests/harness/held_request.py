"""A request whose body stops halfway until the test releases the rest."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class HttpRequest:
    """A request before it is sent."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class HeldRequest:
    """Sends the header section and half of the body at once; `finish` sends the rest and reads the answer."""

    def __init__(self, url: str, request: HttpRequest) -> None:
        parts = urlsplit(url)
        self.request = request
        self._socket = socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=TIMEOUT_S)
        self._half = len(request.body) // 2
        fields = [("Host", parts.netloc), ("Content-Length", str(len(request.body))), *request.headers]
        head = f"{request.method} {request.path} HTTP/1.1\r\n" + "".join(f"{name}: {text}\r\n" for name, text in fields)
        self._socket.sendall(head.encode("latin-1") + b"\r\n" + request.body[: self._half])

    def finish(self) -> tuple[int, str, str]:
        """Status, Location (empty without one) and body of the answer."""
        self._socket.sendall(self.request.body[self._half :])
        return self.answer()

    def answer(self) -> tuple[int, str, str]:
        """The same of an answer that comes before the rest is sent."""
        response = http.client.HTTPResponse(self._socket, method=self.request.method)
        response.begin()
        return response.status, response.getheader("location", ""), response.read().decode("utf-8", "replace")

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
