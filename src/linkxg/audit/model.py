"""An audit event and its actor."""

from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.http.request_context import RequestContext

ACTIONS = (
    "account.created",
    "account.updated",
    "user.invited",
    "user.joined",
    "user.role_changed",
    "user.disabled",
    "user.enabled",
    "user.removed",
    "user.provisioned",
    "user.attributes_updated",
    "invitation.withdrawn",
    "session.started",
    "session.ended",
    "session.reuse_detected",
    "login.failed",
    "password.changed",
    "mfa.failed",
    "session.stepped_up",
    "factor.added",
    "factor.removed",
    "factor.renamed",
    "passkey.refused",
    "factors.reset",
    "recovery_codes.replaced",
    "password.reset_requested",
    "password.link_created",
    "user.profile_changed",
    "email.change_requested",
    "email.change_approved",
    "email.change_declined",
    "email.changed",
    "client.created",
    "client.updated",
    "client.disabled",
    "client.enabled",
    "client.deleted",
    "client.secret_rotated",
    "client.secret_removed",
    "client.key_added",
    "client.key_removed",
    "client.trust_added",
    "client.trust_removed",
    "client.secret_extended",
    "client.certificate_added",
    "client.certificate_removed",
    "token.revoked",
    "scim_token.created",
    "scim_token.revoked",
    "product.created",
    "product.updated",
    "product.deleted",
    "product.published",
    "product.withdrawn",
    "product.archived",
    "product.unarchived",
    "passport.issued",
    "passport.withdrawn",
    "passport.life_status_changed",
    "passport_key.rotated",
    "passport_access.requested",
    "passport_access.granted",
    "passport_access.declined",
    "passport_access.revoked",
    "product.draft_begun",
    "product.draft_discarded",
    "import.started",
    "import.cancelled",
    "import.finished",
    "event.captured",
    "query.created",
    "query.deleted",
    "subscription.created",
    "subscription.deleted",
    "subscription.failed",
    "subscription.paused",
    "subscription.resumed",
    "subscription.tested",
    "connection.invited",
    "connection.accepted",
    "connection.declined",
    "connection.revoked",
    "connection.gln_confirmed",
    "share.created",
    "share.withdrawn",
    "product.acknowledged",
    "product.adopted",
    "request.sent",
    "request.approved",
    "request.declined",
    "request.cancelled",
    "recall.announced",
    "recall.acknowledged",
    "recall.withdrawn",
    "recall.reminded",
    "identity_provider.connected",
    "identity_provider.changed",
    "identity_provider.disconnected",
    "identity_provider.sign_in_refused",
    "email_domain.claimed",
    "email_domain.verified",
    "email_domain.removed",
    "user.linked",
    "credential.leaked",
    "service.restored",
)


class Actor(NamedTuple):
    """Who acts. `source` is an address or `cli`; `secret_id` is the client secret that a client's token was issued for.

    `scim` is an identity provider, whose `id` is that of its token and whose `label` is the token's name, which the
    trail keeps longer than the token. A `provider` is the account's identity provider,
    whose signed token was verified; its id is that of the account. A `scanner` is a secret scanner that the operator
    trusts, whose signed report was verified; its id is its name.

    `epoch` and `jti` are those of the token or session: a write is authorised by them in its own transaction.
    """

    kind: Literal["user", "client", "scim", "anonymous", "cli", "partner", "provider", "scanner"]
    id: str | None
    account_id: str | None
    source: str
    request_id: str
    role: str | None = None
    secret_id: str | None = None
    session_id: str | None = None
    epoch: int | None = None
    jti: str | None = None
    label: str | None = None

    def as_partner(self) -> "Actor":
        """The actor in the audit trail of a partner, who learns the account but not the person."""
        return Actor("partner", self.account_id, self.account_id, "partner", self.request_id)

    @property
    def identity(self) -> tuple[str | None, ...]:
        """The actor without the token, as stored with a job."""
        return self[:8]

    @property
    def standing(self) -> tuple[str | int | None, ...]:
        """The actor without the token but with the epoch, as stored with what goes on until somebody ends it."""
        return self[:9]


def actor_of(context: RequestContext) -> Actor:
    """The actor of this request: the authenticated caller, or an anonymous one."""
    caller = context.principal
    if caller is None:
        return Actor("anonymous", None, None, context.source, context.request_id)
    return Actor(
        kind=caller.kind,
        id=caller.id,
        account_id=caller.account_id,
        source=context.source,
        request_id=context.request_id,
        role=caller.role,
        secret_id=caller.secret_id,
        session_id=caller.session_id,
        epoch=caller.epoch,
        jti=caller.jti,
    )


class AuditEvent(msgspec.Struct, rename="camel"):
    """An event of an account's chain; `seq` counts from 1 without gaps, `at` is RFC 3339."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "seq": 42,
        "at": "2026-11-23T14:33:00.123Z",
        "action": "client.created",
        "actorKind": "user",
        "actorId": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "target": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
        "secretId": None,
        "hash": "9f86d081884c7d65...",
    }

    seq: int
    at: str
    action: str
    actor_kind: str
    actor_id: str | None
    target: str | None
    source: str
    request_id: str
    secret_id: str | None
    details: dict[str, Any]
    hash: str
