"""Signs passports as verifiable credentials (VC-JOSE-COSE), once for each version and set of roles.

A signed passport is stored, and returned again as long as the unsigned one is the same.
"""

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.crypto.jwt import sign_jws
from linkxg.db import Database
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.media_types import JWT_TYP
from linkxg.network.passports.documents.model import Redacted, StatusEntry
from linkxg.network.passports.documents.untp_json_ld import untp_json_ld
from linkxg.network.passports.signing import store
from linkxg.network.passports.signing.issuer_keys import ALGORITHM, IssuerKey, find_or_make_signing_key

_encode = msgspec.json.Encoder().encode


def sign_credential(key: IssuerKey, credential: dict[str, Any]) -> str:
    """The enveloped credential; its issuer is the DID of the key."""
    issuer = credential["issuer"]
    did = issuer if isinstance(issuer, str) else issuer["id"]
    header = {"typ": JWT_TYP, "cty": "vc", "kid": f"{did}#{key.kid}", "iss": did}
    return sign_jws(ALGORITHM, key.jwk, header, _encode(credential))


class PassportSigner:
    """Signs what has been redacted, with the keys of the issuer."""

    def __init__(self, database: Database, addresses: Addresses, server_key: bytes) -> None:
        self._database, self._addresses, self._server_key = database, addresses, server_key

    async def find_or_insert_entry(self, redacted: Redacted) -> StatusEntry:
        """The place of this version in a status list, which it gets when it is first asked for."""
        passport, version = redacted.passport, redacted.version
        found = await self._database.read_single(store.find_entry, passport.account_id, passport.id, version.version)
        return found if found is not None else await self._database.write(_insert_entry, redacted)

    async def sign(self, redacted: Redacted) -> str:
        """The compact JWT."""
        passport, version, roles = redacted.passport, redacted.version.version, "+".join(sorted(redacted.roles))
        credential = untp_json_ld(redacted, self._addresses, await self.find_or_insert_entry(redacted))
        digest = hashlib.sha256(_encode(credential)).digest()
        stored = await self._database.read_single(
            store.find_credential, passport.account_id, passport.id, version, roles
        )
        if stored is not None and stored.digest == digest:
            return stored.jwt
        key = await find_or_make_signing_key(self._database, self._server_key, passport.account_id)
        values = {"passport_id": passport.id, "version": version, "roles": roles, "kid": key.kid, "digest": digest}
        jwt = sign_credential(key, credential)
        return await self._database.write(_keep, passport.account_id, {**values, "jwt": jwt})


def _keep(conn: Connection, account_id: str, values: dict[str, Any]) -> str:
    """The stored credential: of two that are signed at the same time, the first is given to both."""
    lock_until_commit(conn, f"passport credentials {values['passport_id']}")
    found = store.find_credential(conn, account_id, values["passport_id"], values["version"], values["roles"])
    if found is not None and found.digest == values["digest"]:
        return found.jwt
    store.replace_credential(conn, account_id, created_at=now_ms(), **values)
    jwt: str = values["jwt"]
    return jwt


def _insert_entry(conn: Connection, redacted: Redacted) -> StatusEntry:
    """The entry of a version, which is revoked from the beginning if the version is withdrawn by now."""
    passport, version = redacted.passport, redacted.version
    is_withdrawn = store.lock_withdrawal(conn, version, passport)
    return store.insert_entry(
        conn,
        passport.account_id,
        passport.id,
        version.version,
        product_id=version.product_id,
        product_version=version.product_version,
        revoked_at=now_ms() if is_withdrawn else None,
    )
