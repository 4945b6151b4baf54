"""Checks the signature of a passport, if this service has the keys of its issuer: nothing is fetched."""

from linkxg.crypto.jwt import verify_jws
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.identity.accounts.slug import is_slug
from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.signing.find_issuer_keys import find_issuer_keys
from linkxg.network.passports.signing.issuer_keys import ALGORITHM, view_key
from linkxg.network.passports.validation.model import CheckedSignature
from linkxg.network.passports.validation.read_signed import SignedPassport, issuer_of

_FOREIGN = (
    "Not checked: the keys of {issuer} are not on this service, and nothing is fetched from elsewhere. "
    "Check it by the DID document of the issuer."
)


async def check_signature(database: Database, addresses: Addresses, signed: SignedPassport) -> CheckedSignature:
    issuer, key = issuer_of(signed.document), signed.header.get("kid")
    own = addresses.did("")
    slug = issuer.removeprefix(own) if issuer is not None and issuer.startswith(own) else ""
    rows = await database.read(find_issuer_keys, slug) if is_slug(slug) else None
    if rows is None:
        named = issuer or "an issuer that is not named"
        return CheckedSignature(checked=False, valid=None, message=_FOREIGN.format(issuer=named[:200]))
    if signed.header.get("alg") == ALGORITHM and _verifies(rows, f"{issuer}#", key, signed.jwt):
        return CheckedSignature(checked=True, valid=True, message="Checked: the issuer has signed exactly this.")
    text = "Checked and not valid: no key of the issuer has signed this."
    return CheckedSignature(checked=True, valid=False, message=text)


def _verifies(rows: list[AnyRow], prefix: str, key: object, jwt: str) -> bool:
    found = (view_key(row) for row in rows if key == f"{prefix}{row.kid}")
    return any(verify_jws(ALGORITHM, one.public_key_jwk, jwt) for one in found)
