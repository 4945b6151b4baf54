"""Bounded requests to LinkXG: no redirect, no compressed body, and neither more bytes nor more time than allowed."""

from typing import Any

import httpx

from linkxg_guard.settings import GuardSettings

CONNECT_S, READ_S = 3.0, 5.0


class Unreachable(Exception):
    """LinkXG did not answer as it should; the message says how, without credentials."""


class Refused(Unreachable):
    """LinkXG refuses the credentials of this service."""


class Connection:
    """Requests to the issuer, made in one event loop."""

    def __init__(self, settings: GuardSettings) -> None:
        self._issuer = settings.issuer
        self._basic = httpx.BasicAuth(settings.client_id, settings.client_secret)
        self._http = httpx.AsyncClient(
            headers={"Accept-Encoding": "identity", "User-Agent": "linkxg-guard"},
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
            follow_redirects=False,
            verify=settings.ssl_context if settings.ssl_context is not None else settings.issuer.startswith("https:"),
        )

    async def get(self, path: str, limit: int) -> bytes:
        """The body of a 200. Raises Unreachable."""
        return (await self._read("GET", path, limit))[0]

    async def get_signed(self, path: str, limit: int, params: dict[str, str], wait_s: float) -> tuple[bytes, bytes]:
        """Body and JWS-Signature of a 200, with the credentials of this service. Raises Unreachable."""
        timeout = READ_S + wait_s
        body, headers = await self._read("GET", path, limit, params=params, auth=self._basic, timeout=timeout)
        return body, headers.get("jws-signature", "").encode("latin-1", "replace")

    async def post(self, path: str, limit: int, form: dict[str, str]) -> bytes:
        """The body of a 200, with the credentials of this service. Raises Unreachable."""
        return (await self._read("POST", path, limit, data=form, auth=self._basic))[0]

    async def _read(self, method: str, path: str, limit: int, **options: Any) -> tuple[bytes, httpx.Headers]:
        timeout = httpx.Timeout(options.pop("timeout", READ_S), connect=CONNECT_S)
        try:
            async with self._http.stream(method, self._issuer + path, timeout=timeout, **options) as answer:
                if answer.status_code in (401, 403):
                    raise Refused(f"{path}: {answer.status_code}")
                if answer.status_code != 200 or "content-encoding" in answer.headers:
                    raise Unreachable(f"{path}: {answer.status_code}")
                body = bytearray()
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > limit:
                        raise Unreachable(f"{path}: too long")
                return bytes(body), answer.headers
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(f"{path}: {type(error).__name__}") from None

    async def close(self) -> None:
        await self._http.aclose()
