"""Reads the JSON object that a segment of a JWT holds (RFC 7515 §3, RFC 7519 §7.2)."""

from typing import Any

from linkxg.crypto.jwt import decode_b64url
from linkxg.http import strict_json


def parse_segment(segment: str) -> dict[str, Any] | None:
    """None unless the segment is canonical base64url of strict JSON with an object."""
    raw = decode_b64url(segment)
    try:
        value = None if raw is None else strict_json.parse(raw.decode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
