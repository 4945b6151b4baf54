"""A report of a secret scanner and the answer to it, as GitHub's secret scanning partner program defines them."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from linkxg.http.route_declaration import described

MAX_ENTRIES = 1_000
MAX_BODY = 1024 * 1024


class LeakReport(msgspec.Struct):
    """One credential and where it was found; members that are not known here are ignored."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "token": "lxgsec_8sKp...",
        "type": "linkxg_client_secret",
        "url": "https://github.example/acme/erp/blob/main/.env",
        "source": "content",
    }

    token: str
    type: str | None = None
    url: str | None = None
    source: str | None = None


class LeakVerdict(msgspec.Struct):
    """Whether a reported token is a credential of this server. It is named by its SHA-256, not repeated."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "token_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "token_type": "linkxg_client_secret",
        "label": "true_positive",
    }

    token_hash: Annotated[str, described(pattern="^[0-9a-f]{64}$")]
    token_type: str
    label: Literal["true_positive", "false_positive"]
