"""A version of a product."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from linkxg.catalog.products.canonical import content_hash
from linkxg.catalog.products.content import EXAMPLE, StoredContent
from linkxg.clock import rfc3339, rfc3339_or_none

VersionStatus = Literal["DRAFT", "PUBLISHED", "SUPERSEDED", "WITHDRAWN"]
MAX_NOTE_LENGTH = 1_000
Note = Annotated[str, Meta(min_length=1, max_length=MAX_NOTE_LENGTH)]


class PassportChoice(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Whether the publication issues a passport of the model, or a further version of it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"enabled": True}

    enabled: bool = True


class PublishProduct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`changeNote` is shown to readers of the version."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"changeNote": "First edition", "dpp": PassportChoice.EXAMPLE}

    change_note: Note | None = None
    dpp: PassportChoice | None = None

    @property
    def issues_passport(self) -> bool:
        return self.dpp is None or self.dpp.enabled


class WithdrawVersion(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`reason` is shown to readers of the version."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"reason": "The mass was given in pounds."}

    reason: Note


class VersionRow(NamedTuple):
    """A row of `product_versions`; times in milliseconds, `content` is canonical JSON, `digest` its SHA-256."""

    version: int
    status: VersionStatus
    content: str
    digest: bytes
    created_at: int
    created_by: str
    change_note: str | None
    published_at: int | None
    published_by: str | None
    withdrawn_at: int | None
    withdrawn_by: str | None
    withdraw_reason: str | None


class Version(msgspec.Struct, rename="camel"):
    """A version for its account; `contentHash` is the SHA-256 of the canonical content (RFC 8785)."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "status": "PUBLISHED",
        "contentHash": "sha-256:5f70bf18a0860070...",
        "createdBy": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "changeNote": "First edition",
        "publishedAt": "2026-11-23T14:33:00.123Z",
        "publishedBy": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "withdrawnAt": None,
        "withdrawnBy": None,
        "withdrawReason": None,
        "content": EXAMPLE,
    }

    version: int
    status: VersionStatus
    content_hash: str
    created_at: str
    created_by: str
    change_note: str | None
    published_at: str | None
    published_by: str | None
    withdrawn_at: str | None
    withdrawn_by: str | None
    withdraw_reason: str | None
    content: StoredContent


class PatchOperation(msgspec.Struct):
    """An operation of a JSON Patch (RFC 6902)."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: Any | UnsetType = UNSET


class FieldChange(msgspec.Struct):
    """A changed field, by its path; a missing value is null."""

    field: str
    old: Any
    new: Any


class Diff(msgspec.Struct, rename={"older": "from", "newer": "to"}):
    """The changes between two versions: a JSON Patch, and a list of fields."""

    older: int
    newer: int
    patch: list[PatchOperation]
    fields: list[FieldChange]


def view_version(row: VersionRow) -> Version:
    return Version(
        version=row.version,
        status=row.status,
        content_hash=content_hash(row.digest),
        created_at=rfc3339(row.created_at),
        created_by=row.created_by,
        change_note=row.change_note,
        published_at=rfc3339_or_none(row.published_at),
        published_by=row.published_by,
        withdrawn_at=rfc3339_or_none(row.withdrawn_at),
        withdrawn_by=row.withdrawn_by,
        withdraw_reason=row.withdraw_reason,
        content=msgspec.Raw(row.content.encode()),
    )
