"""An HTTP proxy in front of a server that loses answers: the request is done, and its answer never arrives."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


class LossyProxy:
    """Forwards to `target`. `lose(path, count)` drops the next answers to requests whose path ends so."""

    def __init__(self, target: str) -> None:
        self.passed: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self._to_lose: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._http = httpx.Client(base_url=target, trust_env=False, timeout=30)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> LossyProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._http.close()

    def lose(self, path: str, count: int = 1) -> None:
        with self._lock:
            self._to_lose[path] = count

    def _is_lost(self, path: str) -> bool:
        with self._lock:
            for suffix, left in self._to_lose.items():
                if left and path.endswith(suffix):
                    self._to_lose[suffix] -= 1
                    self.lost[suffix] += 1
                    return True
            self.passed[path] += 1
            return False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _forward(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                dropped = {"host", "connection", "content-length"}
                headers = [(name, value) for name, value in self.headers.items() if name.lower() not in dropped]
                answer = proxy._http.request(self.command, self.path, headers=headers, content=content)
                if proxy._is_lost(self.path.partition("?")[0]):
                    self.close_connection = True
                    return
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in {"content-encoding", "content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PATCH = do_DELETE = _forward

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
