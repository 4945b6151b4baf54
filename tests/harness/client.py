"""An HTTP client that checks every response."""

from __future__ import annotations

import contextlib
import json as json_codec
import re
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx

from harness.answers import Answer
from harness.rules import API, check
from harness.vault import Vault

# Members that hand a secret to the caller, in any of the program's bodies.
SECRET_MEMBERS = {
    "access_token": "access token",
    "accessToken": "access token",
    "refreshToken": "refresh token",
    "client_secret": "client secret",
    "invitationToken": "invitation token",
    "mfaToken": "token of a sign-in in two steps",
}
INVITATION = re.compile(r"invitations/([A-Za-z0-9._~-]{16,})")
PASSPORT_LINK = re.compile(r"dpp/access/(lxgdpp_[0-9A-Za-z]{16,})")
PASSWORD_LINK = re.compile(r"password-reset/(lxgrst_[0-9A-Za-z]{16,})")
Headers = Mapping[str, str] | Sequence[tuple[str, str]]
Fields = list[tuple[str, str]]
RawResponse = tuple[int, tuple[tuple[str, str], ...], bytes]
"""Status, header fields with their names in lower case, and body of an answer."""
FORM_TYPE = "application/x-www-form-urlencoded"


def forwarded(source: str) -> list[tuple[str, str]]:
    """What the trusted proxy adds to a request that came to it from this address over TLS."""
    return [("X-Forwarded-For", source), ("X-Forwarded-Proto", "https")]


class Client:
    """A thin layer over httpx on a real socket: every answer is held against security rules U1 to U11.

    `reveals=True` says that this request is where a secret is handed out for the first time;
    `repeats=True` that a replay may hand out the same one again; `allow_503=True` that a fault is on.
    """

    def __init__(self, url: str, vault: Vault, headers: Headers = ()) -> None:
        self.url = url
        self.vault = vault
        self._headers = _pairs(headers)
        # No TLS is spoken here, and building a trust store takes longer than a request.
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False, verify=False, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Headers = (),
        reveals: bool = False,
        repeats: bool = False,
        allow_503: bool = False,
    ) -> Answer:
        """Send one request below `/api/v1`, or to `//other/path` as `/other/path`, and check its answer."""
        target = path[1:] if path.startswith("//") else API + path
        fields, content = self._encode(bearer, json, form, content, headers)
        started = time.perf_counter()
        status, received, body = self._exchange(method, target, fields, content)
        answer = Answer(
            method=method,
            path=target,
            status=status,
            fields=received,
            body=body,
            sent_request_id=_find(fields, "x-request-id"),
            sent_origin=_find(fields, "origin"),
            secure=_find(fields, "x-forwarded-proto") == "https",
            seconds=time.perf_counter() - started,
        )
        return self.check_answer(answer, reveals=reveals, repeats=repeats, allow_503=allow_503)

    def _encode(
        self, bearer: str | None, json: Any, form: Mapping[str, str] | None, content: bytes | None, headers: Headers
    ) -> tuple[Fields, bytes | None]:
        """Header fields and body."""
        fields = self._headers + _pairs(headers)
        if bearer is not None:
            fields.append(("Authorization", f"Bearer {bearer}"))
        if form is not None:
            fields.append(("Content-Type", FORM_TYPE))
            return fields, urlencode(form).encode()
        if json is not None:
            if _find(fields, "content-type") is None:
                fields.append(("Content-Type", "application/json"))
            return fields, json_codec.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        return fields, content

    def _exchange(self, method: str, target: str, fields: Fields, content: bytes | None) -> RawResponse:
        response = self._http.request(method, target, headers=fields, content=content)
        received = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        )
        return response.status_code, received, response.content

    def check_answer(
        self, answer: Answer, *, reveals: bool = False, repeats: bool = False, allow_503: bool = False
    ) -> Answer:
        """Hold any answer against the rules, then register the secrets that it revealed."""
        check(answer, self.vault, reveals=reveals, repeats=repeats, allow_503=allow_503)
        if reveals and (answer.status < 300 or answer.error in ("mfa_required", "mfa_enrollment_required")):
            self._harvest(answer)
        return answer

    def _harvest(self, answer: Answer) -> None:
        for token in INVITATION.findall(answer.body.decode("utf-8", "replace")):
            self.vault.remember("invitation token", token)
        for token in PASSWORD_LINK.findall(answer.body.decode("utf-8", "replace")):
            self.vault.remember("password link", token)
        for token in PASSPORT_LINK.findall(answer.body.decode("utf-8", "replace")):
            self.vault.remember("link to a passport", token)
        with contextlib.suppress(ValueError):
            self._harvest_members(answer.json())

    def _harvest_members(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                if name in SECRET_MEMBERS and isinstance(member, str):
                    self.vault.remember(SECRET_MEMBERS[name], member)
                else:
                    self._harvest_members(member)
        elif isinstance(value, list):
            for member in value:
                self._harvest_members(member)

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.request("POST", path, **options)

    def patch(self, path: str, **options: Any) -> Answer:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.request("DELETE", path, **options)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for a raw socket."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port


def _pairs(headers: Headers) -> Fields:
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)


def _find(fields: Fields, name: str) -> str | None:
    return next((value for key, value in fields if key.lower() == name), None)
