"""What each viewer must see, in plain Python: the model that the program is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Content = dict[str, Any]


@dataclass
class ModelProduct:
    owner: str
    versions: list[Content] = field(default_factory=list)

    def category(self) -> str | None:
        found: str | None = self.versions[-1].get("category", {}).get("code")
        return found


@dataclass
class ModelShare:
    owner: str
    viewer: str
    product: str | None
    category: str | None
    fields: list[str] | None
    all_versions: bool
    live: bool = True


def visible(shares: list[ModelShare], viewer: str, id: str, product: ModelProduct, version: int) -> Content | None:
    """The content that the viewer sees of a version, and `None` for a version that they do not see."""
    granted = [
        share
        for share in shares
        if share.live and share.viewer == viewer and share.owner == product.owner
        if share.product in (None, id)
        if share.category in (None, product.category())
        if share.all_versions or version == len(product.versions)
    ]
    if not granted:
        return None
    content = product.versions[version - 1]
    if any(share.fields is None for share in granted):
        return content
    shown: Content = {}
    for path in {path for share in granted for path in share.fields or ()}:
        member, _, inner = path.partition(".")
        if member in content and not inner:
            shown[member] = content[member]
    for path in {path for share in granted for path in share.fields or ()}:
        member, _, inner = path.partition(".")
        if inner and member in content and shown.get(member) != content[member]:
            kept = {inner: content[member][inner]} if inner in content[member] else {}
            shown[member] = shown.get(member, {}) | kept
    return shown
