"""Challenges of registrations and sign-ins: 256 random bits, each answered once within five minutes (§13.4.3).

They are kept by digest. A person has a bounded number of them for each ceremony, and so has the source of a stranger.
One that adds a passkey belongs to the session or sign-in that asked for it: whoever else has the person's password
neither answers it nor crowds it out.
"""

import secrets

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.crypto.secrets import digest
from linkxg.http.client_ip import source_key
from linkxg.identity.passkeys import challenge_store
from linkxg.identity.passkeys.challenge_store import PasskeyChallenge
from linkxg.identity.passkeys.client_data import ClientData
from linkxg.identity.passkeys.model import PASSKEY_CHALLENGE_MS, Ceremony

MAX_OF_PERSON, MAX_OF_SOURCE = 10, 1_500
"""MAX_OF_PERSON holds for each ceremony of a person, so that one ceremony ends no challenge of another.

MAX_OF_SOURCE is what the budget of a source admits in five minutes: many people may share a source."""
_BYTES = 32


def new_passkey_challenge() -> bytes:
    return secrets.token_bytes(_BYTES)


def keep_for_person(
    conn: Connection,
    challenge: bytes,
    ceremony: Ceremony,
    user_id: str,
    user_handle: bytes | None = None,
    *,
    begun_in: str = "",
) -> None:
    """Inside a unit of work: only this person may answer it, in the session or sign-in `begun_in` if it is given."""
    _keep(conn, challenge, ceremony, _held_by(user_id, ceremony, begun_in), MAX_OF_PERSON, user_id, user_handle)


def keep_for_stranger(conn: Connection, challenge: bytes, source: str) -> None:
    """Inside a unit of work: whoever answers it says who they are."""
    _keep(conn, challenge, "sign-in", f"source\n{source_key(source)}", MAX_OF_SOURCE, None, None)


def take_passkey_challenge(conn: Connection, client_data: ClientData, ceremony: Ceremony) -> PasskeyChallenge | None:
    """Inside a unit of work: use the challenge up that was answered; None if it is not, or no longer, valid."""
    return challenge_store.take_passkey_challenge(conn, _digest(client_data.challenge), ceremony, now_ms())


def take_registration(
    conn: Connection, client_data: ClientData, ceremony: Ceremony, user_id: str, begun_in: str
) -> PasskeyChallenge | None:
    """`take_passkey_challenge` of what this session or sign-in of the person asked for."""
    taken = take_passkey_challenge(conn, client_data, ceremony)
    return None if taken is None or taken.holder != digest(_held_by(user_id, ceremony, begun_in)) else taken


def _held_by(user_id: str, ceremony: Ceremony, begun_in: str) -> str:
    return f"person\n{user_id}\n{ceremony}\n{begun_in}"


def _keep(
    conn: Connection,
    challenge: bytes,
    ceremony: Ceremony,
    holder: str,
    bound: int,
    user_id: str | None,
    user_handle: bytes | None,
) -> None:
    now = now_ms()
    challenge_store.insert_passkey_challenge(
        conn,
        _digest(challenge),
        holder=digest(holder),
        ceremony=ceremony,
        user_id=user_id,
        user_handle=user_handle,
        now=now,
        expires_at=now + PASSKEY_CHALLENGE_MS,
        bound=bound,
    )


def _digest(challenge: bytes) -> bytes:
    return digest(challenge.hex())
