"""Revokes the credentials of a report, and says of each token whether it is one of this server.

A repeated report changes nothing, and is answered as the first one was.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.crypto.find_secrets import KINDS
from linkxg.crypto.secrets import CLIENT_SECRET, REFRESH_TOKEN, digest
from linkxg.db import Database
from linkxg.errors import InvalidRequest
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.secret_scanning.credential_types import (
    LeakedCredential,
    Revocation,
    find_credentials,
    find_session_of,
    kind_of,
    revoke,
)
from linkxg.secret_scanning.leak_location import LeakLocation, location_of
from linkxg.secret_scanning.model import MAX_ENTRIES, LeakReport, LeakVerdict
from linkxg.secret_scanning.notices import Leak, mail_credentials_leaked

_ID_NAMES = {CLIENT_SECRET: "secret_id", REFRESH_TOKEN: "session_id"}
"""The detail with the id of what was revoked, where the target of the event is something else."""


class Report(NamedTuple):
    """The answer, and how many credentials it has revoked."""

    verdicts: list[LeakVerdict]
    revoked: int


def read_report(body: bytes) -> list[LeakReport]:
    """Raises InvalidRequest for anything but at most 1,000 entries.

    Members that are not known are ignored: scanners add some.
    """
    try:
        reports = msgspec.json.decode(body, type=list[LeakReport])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest("The body must be a JSON array of objects with a token.") from None
    if len(reports) > MAX_ENTRIES:
        raise InvalidRequest(f"A report has at most {MAX_ENTRIES} entries.")
    return reports


async def take_report(
    database: Database, server_key: bytes, notices: SecurityNotices, actor: Actor, reports: list[LeakReport]
) -> Report:
    """The verdicts are in the order of the reports."""
    first = {one.token: one for one in reversed(reports)}
    kinds = {token: kind for token in first if (kind := kind_of(server_key, token))}
    found = await database.read(_find, server_key, kinds) if kinds else {}
    news: dict[str, list[Leak]] = defaultdict(list)
    try:
        for token, credential in found.items():
            location = location_of(token, first[token].url, first[token].source)
            # One transaction each: no two of them wait for each other's locks.
            revocation = await revoke_as(database, actor, credential.account_id, _revoke, actor, credential, location)
            if revocation is not None:
                news[credential.account_id].append(Leak(credential, location, revocation))
    finally:
        # If the database is lost on the way, a repetition revokes the rest.
        for account_id, leaked in news.items():
            if account_id:
                mail_credentials_leaked(notices, actor, account_id, leaked)
    genuine = found.keys() | {token for token, kind in kinds.items() if kind == REFRESH_TOKEN}
    revoked = sum(one.has_revoked for leaked in news.values() for one in leaked)
    return Report([_verdict(one, one.token in genuine) for one in reports], revoked)


def _find(conn: Connection, server_key: bytes, kinds: Mapping[str, str]) -> dict[str, LeakedCredential]:
    """The credentials that are there, by token."""
    tokens = {digest(token): token for token in kinds}
    found: dict[str, LeakedCredential] = {}
    for kind in sorted(set(kinds.values())):
        digests = [one for one, token in tokens.items() if kinds[token] == kind]
        if kind == REFRESH_TOKEN:
            sessions = (find_session_of(conn, server_key, tokens[one], one) for one in digests)
            found |= {tokens[one.digest]: one for one in sessions if one is not None}
        else:
            found |= {tokens[one.digest]: one for one in find_credentials(conn, kind, digests)}
    return found


def _revoke(conn: Connection, actor: Actor, credential: LeakedCredential, location: LeakLocation) -> Revocation | None:
    revocation = revoke(conn, actor, credential, location.url)
    if revocation is not None and credential.account_id:
        details: dict[str, Any] = {"kind": KINDS[credential.kind], "url": location.url, "source": location.source}
        details |= {"had_ended": not revocation.was_live, "successors": list(revocation.successors)}
        if credential.kind in _ID_NAMES:
            details[_ID_NAMES[credential.kind]] = credential.id
        kept = {name: value for name, value in details.items() if value}
        audit.record(conn, credential.account_id, actor, "credential.leaked", credential.target, kept)
    return revocation


def _verdict(report: LeakReport, is_genuine: bool) -> LeakVerdict:
    return LeakVerdict(
        digest(report.token).hex(), report.type or "", "true_positive" if is_genuine else "false_positive"
    )
