"""The uvicorn configuration, the same for a service of one process and for each worker."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import uvicorn

from linkxg.runtime import leaving
from linkxg.server.fast_path import FastPathProtocol
from linkxg.server.listener import BACKLOG
from linkxg.settings import Settings, SettingsError

KEEP_ALIVE_S = 30
SHUTDOWN_S = 20


def require_certificate(settings: Settings) -> None:
    """Raises SettingsError when TLS is impossible with the certificate and key."""
    if not settings.tls_cert:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SettingsError(
                f"LINKXG_TLS_KEY: {settings.tls_key} is not the private key of the certificate in LINKXG_TLS_CERT "
                f"({settings.tls_cert}): install a matching pair."
            ) from None
        raise SettingsError(
            f"LINKXG_TLS_CERT or LINKXG_TLS_KEY is not a usable PEM file ({error.reason or 'unreadable'}): "
            "the key must have no passphrase."
        ) from None
    except OSError as error:
        raise SettingsError(f"LINKXG_TLS_CERT or LINKXG_TLS_KEY cannot be read: {error.strerror}.") from None


def configuration(app: Callable[..., Any] | str, settings: Settings) -> uvicorn.Config:
    """`app` is an application, or the import string of its factory."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        loop="linkxg.server.event_loop:ServerLoop",
        http=FastPathProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


class HttpServer(uvicorn.Server):
    """Shuts down without cutting off requests: see `FastPathProtocol.leaving`."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        FastPathProtocol.leaving = True
        leaving.begin()
        await super().shutdown(sockets)
