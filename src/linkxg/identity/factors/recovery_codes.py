"""Recovery codes: ten look-up secrets that replace a lost factor, each once (NIST SP 800-63B §3.1.2).

120 random bits each, so that their SHA-256 may be stored (OWASP ASVS 6.5.2), in Crockford's base 32: case, spaces and
hyphens do not matter when one is typed in, and an O is read as 0, an I or L as 1.
"""

import re
import secrets

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.crypto.secrets import digest
from linkxg.identity.factors import recovery_store

COUNT = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "-": "", " ": ""})
_GROUPS, _GROUP = 4, 6
_CODE = re.compile(rf"[{_ALPHABET}]{{{_GROUP}}}(-[{_ALPHABET}]{{{_GROUP}}}){{{_GROUPS - 1}}}")


def new_recovery_codes() -> list[str]:
    return [_new_code() for _ in range(COUNT)]


def is_recovery_code(text: str) -> bool:
    """Whether the text has the form of a code as it is shown."""
    return _CODE.fullmatch(text) is not None


def replace_codes(conn: Connection, account_id: str, user_id: str, codes: list[str]) -> None:
    """Store the digests of `codes`, and delete the person's earlier ones."""
    recovery_store.delete_codes(conn, account_id, user_id)
    recovery_store.insert_codes(conn, account_id, user_id, map(code_digest, codes), now_ms())


def use_recovery_code(conn: Connection, account_id: str, user_id: str, code: str) -> bool:
    """Use a code up; false if it is not one of the person's, or was used before."""
    return recovery_store.use_code(conn, account_id, user_id, code_digest(code), now_ms())


def count_recovery_codes(conn: Connection, account_id: str, user_id: str) -> int:
    """Those that have not been used."""
    return recovery_store.count_codes(conn, account_id, user_id)


def code_digest(code: str) -> bytes:
    """The digest of a code as typed."""
    return digest(code.strip().lower().translate(_READ_AS))


def _new_code() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
