"""The static files that pages load.

One stylesheet, one script, one mark. The name holds a digest of the content, so browsers may keep them for ever.
They are compressed once, here; pages are not, because what they answer can hold a secret beside what was sent (BREACH).
"""

import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PREFIX = "/static/"


class Asset(NamedTuple):
    address: str
    content: bytes
    compressed: bytes
    media_type: str


def _read() -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    for path in sorted((Path(__file__).parent / "static").iterdir()):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:12]
        found[path.name] = Asset(
            f"{PREFIX}{path.stem}-{digest}{path.suffix}",
            content,
            gzip.compress(content, mtime=0),
            _TYPES[path.suffix],
        )
    return found


ASSETS = _read()
"""By file name."""
BY_ADDRESS = {asset.address: asset for asset in ASSETS.values()}
