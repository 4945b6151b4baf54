"""The static files that pages load.

Each URL holds a digest of the content, so that browsers may cache it for ever. Assets are compressed once, here; pages
are not compressed, because they can hold a secret beside reflected input (BREACH).
"""

import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PREFIX = "/static/"


class Asset(NamedTuple):
    url: str
    content: bytes
    compressed: bytes
    media_type: str


def _read() -> dict[str, Asset]:
    assets: dict[str, Asset] = {}
    for path in sorted((Path(__file__).parent / "static").iterdir()):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:12]
        assets[path.name] = Asset(
            f"{PREFIX}{path.stem}-{digest}{path.suffix}",
            content,
            gzip.compress(content, mtime=0),
            _TYPES[path.suffix],
        )
    return assets


ASSETS = _read()
"""By file name."""
BY_URL = {asset.url: asset for asset in ASSETS.values()}
