"""The answer to one request, whichever way it was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> JsonObject:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member name occurs twice: {names}"
    return dict(pairs)


def _no_constants(name: str) -> Any:
    raise AssertionError(f"not JSON: {name}")


def strict_json(body: bytes) -> Any:
    """The value of a JSON text by RFC 8259: UTF-8, no NaN, no repeated names."""
    return json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constants)


@dataclass(frozen=True)
class Answer:
    """Status, header fields in order and body of one response, with what the checks need of its request."""

    method: str
    path: str
    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    sent_request_id: str | None = None
    sent_origin: str | None = None
    secure: bool = False
    # The request never reached the application: the HTTP server itself refused the bytes.
    framing: bool = False
    seconds: float = field(default=0.0, compare=False)

    def values(self, name: str) -> list[str]:
        """Every value of one header field."""
        return [value for key, value in self.fields if key == name.lower()]

    def header(self, name: str) -> str | None:
        """All values of a field as one, or None."""
        values = self.values(name)
        return ", ".join(values) if values else None

    def json(self) -> Any:
        return strict_json(self.body)

    def object(self) -> JsonObject:
        """The body, which has to be a JSON object."""
        value = self.json()
        assert isinstance(value, dict), self
        return value

    def data(self) -> Any:
        """What an application resource wraps in its envelope."""
        body = self.object()
        assert body["success"] is True, self
        return body["data"]

    @property
    def without_request_id(self) -> JsonObject:
        """The body without the one member that differs between any two answers."""
        return {name: value for name, value in self.object().items() if name != "requestId"}

    @property
    def error(self) -> str | None:
        """The wire code of an error, None on success."""
        if self.status < 400 or not self.body:
            return None
        body = self.object()
        # RFC 7644 §3.12 has a kind of error only where the status is not enough.
        return str(body.get("scimType", "scim") if "schemas" in body else body.get("error"))

    def expect(self, status: int, error: str | None = None) -> Answer:
        """Fail unless the status (and the error code) is this one."""
        assert (self.status, self.error) == (status, error), self
        return self

    def expect_one_of(self, *pairs: tuple[int, str | None]) -> Answer:
        """Fail unless status and error code are one of these pairs."""
        assert (self.status, self.error) in pairs, (pairs, self)
        return self

    def __str__(self) -> str:
        shown = self.body[:400].decode("utf-8", "replace")
        return f"{self.method} {self.path} -> {self.status} {shown}"

    __repr__ = __str__
