"""The test vector of docs/epcis.md: with it a receiver is written and tested before there is a delivery."""

from __future__ import annotations

import re
from pathlib import Path

from linkxg.network.epcis.subscriptions.signature import seal_secret, sign

DOCS = Path(__file__).parents[2] / "docs" / "epcis.md"


def test_the_documented_signature_is_that_of_the_documented_body() -> None:
    text = DOCS.read_text(encoding="utf-8")
    token = re.findall(r'"signatureToken": "([^"]+)"', text)[0]
    signature = re.findall(r"GS1-Signature: (\S+)", text)[0]
    [body] = re.findall(r"A test vector.*?```json\n(.*?)\n```", text, re.DOTALL)
    server_key = bytes(32)
    assert sign(server_key, "id", seal_secret(server_key, "id", token), body.encode()) == signature
    assert f"the {len(body)} bytes of this body" in text
    # The receiver of the documentation accepts it.
    found: dict[str, object] = {}
    code = re.findall(r"```python\n(import hmac.*?)```", text, re.DOTALL)[0]
    exec(code, found)
    is_genuine = found["is_genuine"]
    assert callable(is_genuine)
    assert is_genuine(body.encode(), signature, token)
    assert not is_genuine(body.encode() + b"\n", signature, token)
