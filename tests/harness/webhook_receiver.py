"""A receiver of subscriptions on loopback, over TLS, that can be made to misbehave."""

from __future__ import annotations

import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.tls import ADDRESS, self_signed

WAIT_S = 60
LOOPBACK = {"LINKXG_WEBHOOK_NETWORKS": "127.0.0.0/8"}
Answer = Callable[["Received"], int | None]
"""The status of the answer; None for no answer at all."""


@dataclass(frozen=True)
class Received:
    """A request as it arrived; `status` is what it was answered with."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None

    @property
    def delivery_id(self) -> str:
        return self.headers["linkxg-delivery"]

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def event_ids(self) -> list[str]:
        results = self.document()["epcisBody"]["queryResults"]
        return [one["eventID"] for one in results["resultsBody"]["eventList"]]

    def is_signed_with(self, secret: str) -> bool:
        expected = "sha256=" + hmac.digest(secret.encode(), self.body, "sha256").hex()
        return hmac.compare_digest(self.headers["gs1-signature"], expected)


class WebhookReceiver:
    """Serves in a thread of this process; `answers` says what each path is answered with, by default 200."""

    def __init__(self, directory: Path) -> None:
        self.certificate, key = self_signed(directory)
        self.answers: dict[str, Answer] = {}
        self.location = ""
        self._received: list[Received] = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_POST(self) -> None:
                receiver._serve(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = _QuietServer((ADDRESS, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://{ADDRESS}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """Of a server that delivers here."""
        return LOOPBACK | {"SSL_CERT_FILE": str(self.certificate)}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, path: str) -> list[Received]:
        """What this path has received, in the order in which it was answered."""
        with self._changed:
            return [one for one in self._received if one.path == path]

    def accepted(self, path: str) -> list[str]:
        """The events of what was answered with 200, each delivery once."""
        found = {one.delivery_id: one for one in self.of(path) if one.status == 200}
        return [event_id for one in found.values() for event_id in one.event_ids()]

    def wait(self, path: str, count: int) -> list[Received]:
        """The first `count` requests of a path, once they have arrived."""
        return self.wait_until(path, lambda found: len(found) >= count)[:count]

    def wait_for_events(self, path: str, count: int) -> list[str]:
        """The accepted events of a path, once they are so many."""
        self.wait_until(path, lambda _: len(self.accepted(path)) >= count)
        return self.accepted(path)

    def wait_until(self, path: str, condition: Callable[[list[Received]], bool]) -> list[Received]:
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while not condition(found := [one for one in self._received if one.path == path]):
                assert time.monotonic() < deadline, [(one.status, one.delivery_id) for one in found]
                self._changed.wait(1.0)
        return found

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        received = Received(handler.path, headers, body, None)
        answer: Answer = self.answers.get(handler.path, _accept)
        status = answer(received)
        with self._changed:
            self._received.append(Received(handler.path, headers, body, status))
            self._changed.notify_all()
        if status is None:
            handler.close_connection = True
            return
        handler.send_response(status)
        if 300 <= status < 400:
            handler.send_header("Location", self.location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


def _accept(_: Received) -> int | None:
    return 200


class _QuietServer(ThreadingHTTPServer):
    """A client that gives up on a slow answer is part of the tests."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass
