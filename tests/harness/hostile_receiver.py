"""A TLS server on loopback that answers a delivery byte for byte as a test wants, for as long as it wants."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.tls import ADDRESS, self_signed

Answer = Callable[[], Iterator[bytes]]


class HostileReceiver:
    """`answers` says what each path is answered with; a path without an answer gets none, and its connection stays."""

    def __init__(self, directory: Path) -> None:
        self.certificate, key = self_signed(directory)
        self.answers: dict[str, Answer] = {}
        self.requests: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._socket = socket.create_server((ADDRESS, 0))
        self.url = f"https://{ADDRESS}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """Of a server that delivers here."""
        return {"LINKXG_WEBHOOK_NETWORKS": "127.0.0.0/8", "SSL_CERT_FILE": str(self.certificate)}

    def stop(self) -> None:
        self.stopping.set()
        self._socket.close()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
            head = b""
            while b"\r\n\r\n" not in head:
                head += secured.recv(65_536)
            path = head.split(b" ")[1].decode()
            self.requests[path] += 1
            if path not in self.answers:
                self.stopping.wait(60)
                return
            for part in self.answers[path]():
                secured.sendall(part)
