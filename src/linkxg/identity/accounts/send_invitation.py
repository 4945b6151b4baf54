"""Invites a person by mail. Without a mail server, or if the mail is not sent, the inviter gets the link."""

import asyncio
import contextlib
from urllib.parse import quote

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import rfc3339
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request, find_record, update_record
from linkxg.errors import Conflict, PublicError
from linkxg.identity.accounts.invitation_mails import InvitationMails
from linkxg.identity.accounts.invite_user import RecordedInvitation, invitation_request, invite_user
from linkxg.identity.accounts.model import Invited
from linkxg.identity.accounts.roles import Role
from linkxg.identity.authorization.write_as import write_as

_POLL_S, _POLLS = 0.25, 60
"""A replay waits up to 15 seconds for the mail of the first request."""


async def mail_invitation(
    database: Database,
    server_key: bytes,
    mails: InvitationMails,
    public_url: str,
    actor: Actor,
    account_id: str,
    *,
    email: str,
    role: Role,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Invited]:
    """Invite, and mail the link once: a replay reports the same `mailed` as the first answer.

    Raises as `invite_user` does, RateLimitExceeded, and Conflict for a replay if it is unknown whether the mail was
    sent.
    """
    request = invitation_request(actor, account_id, email, role, idempotency_key)
    if not await _is_recorded(database, request):
        await mails.require_budget(account_id, email)
    mailed = None if mails.enabled else False
    invitation, replayed = await invite_user(
        database, server_key, actor, request, email=email, role=role, mailed=mailed
    )
    link = f"{public_url}/invitations/{quote(invitation.token)}"
    if replayed:
        mailed = await _mailed_before(database, request)
    elif mailed is None:
        mailed = await mails.send(email, role, invitation, link)
        # The mail has been sent, even if that cannot be recorded for a replay.
        with contextlib.suppress(PublicError):
            await write_as(
                database, actor, update_record, request, RecordedInvitation(invitation.id, mailed, invitation.replaced)
            )
    answer = Invited(
        id=invitation.id,
        email=email,
        role=role,
        expires_at=rfc3339(invitation.expires_at),
        mailed=bool(mailed),
        replaced=invitation.replaced,
        link=None if mailed else link,
    )
    return IdempotentOutcome(answer, replayed)


async def _is_recorded(database: Database, request: Request) -> bool:
    """Whether the request has been made before: a replay mails nothing, and uses up no budget."""
    return request.key is not None and await database.read(find_record, request) is not None


async def _mailed_before(database: Database, request: Request) -> bool:
    """Whether the mail of the first request was accepted."""

    def read_mailed(conn: Connection) -> bool | None:
        recorded = find_record(conn, request)
        return None if recorded is None else recorded.read(RecordedInvitation).mailed

    for _ in range(_POLLS):
        mailed = await database.read(read_mailed)
        if mailed is not None:
            return mailed
        await asyncio.sleep(_POLL_S)
    raise Conflict(
        "This request was already made, but it is not known whether its mail was sent. "
        "Invite again with another Idempotency-Key."
    )
