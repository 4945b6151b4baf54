"""A secret scanner that reports credentials, as GitHub's partner program does."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.answers import Answer, JsonObject
from harness.client import Client

PATH = "/secret-scanning/reports"
KEY_ID, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"
URL = "https://code.example.test/acme/erp/blob/main/.env"


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class SecretScanner:
    """Signs with a key that it publishes under `key_id`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.new_key()

    def new_key(self) -> None:
        self.key = generate_private_key(SECP256R1())
        self.key_id = secrets.token_hex(32)

    @property
    def published(self) -> JsonObject:
        """The document of its public keys."""
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return {"public_keys": [{"key_identifier": self.key_id, "key": pem, "is_current": True}]}

    def write_keys(self, directory: Path) -> Path:
        file = directory / f"{self.name}.json"
        file.write_text(json.dumps(self.published))
        return file

    def sign(self, body: bytes) -> str:
        return b64encode(self.key.sign(body, ECDSA(hashes.SHA256()))).decode()

    def send(
        self,
        api: Client,
        body: bytes,
        changed: Mapping[str, str] | None = None,
        *,
        signed: bytes | None = None,
        allow_503: bool = False,
    ) -> Answer:
        """A report of these bytes; with `signed`, the signature is that of others; with `changed`, some fields are."""
        fields = {
            "Content-Type": "application/json",
            KEY_ID: self.key_id,
            SIGNATURE: self.sign(body if signed is None else signed),
        } | dict(changed or {})
        headers = {name: value for name, value in fields.items() if value}
        return api.post(PATH, content=body, headers=headers, allow_503=allow_503)

    def report(self, api: Client, *tokens: str, url: str = URL, source: str = "commit") -> list[str]:
        """The labels of these tokens, in their order."""
        answer = self.send(api, body_of(*tokens, url=url, source=source)).expect(200)
        verdicts = answer.json()
        assert [one["token_hash"] for one in verdicts] == [token_hash(token) for token in tokens]
        assert all(one.keys() == {"token_hash", "token_type", "label"} for one in verdicts)
        return [one["label"].removesuffix("_positive") for one in verdicts]


def body_of(*tokens: str, **members: Any) -> bytes:
    return json.dumps([{"token": token, "type": "linkxg", "url": URL, "source": "commit"} | members
                       for token in tokens]).encode()  # fmt: skip
