"""uvloop's event loop with a bound on TLS handshakes.

Before its handshake is complete a connection belongs to no protocol of this program: no other bound counts it.
"""

import asyncio
from typing import Any

import uvloop

HANDSHAKE_SECONDS = 10.0


class ServerLoop(uvloop.Loop):
    """Gives a TLS peer `HANDSHAKE_SECONDS` for its handshake, where uvloop allows a minute (ASVS 13.1.2)."""

    async def create_server(  # type: ignore[override]
        self, *arguments: Any, ssl: Any = None, **named: Any
    ) -> asyncio.AbstractServer:
        """As uvloop's, which takes this timeout but which uvicorn gives none."""
        if ssl is not None:
            named["ssl_handshake_timeout"] = HANDSHAKE_SECONDS
        return await super().create_server(*arguments, ssl=ssl, **named)
