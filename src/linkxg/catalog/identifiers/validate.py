"""Validates identifiers and converts them to their normal form."""

from collections.abc import Callable

from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.digital_link import RESOLVER, ParsedIdentifier, read_digital_link
from linkxg.catalog.identifiers.epc_urn import read_epc_urn
from linkxg.catalog.identifiers.gtin import FORMATS, NotAGtin, is_restricted, read_gtin
from linkxg.catalog.identifiers.keys import KEYS, NotAnIdentifier, check_value
from linkxg.catalog.identifiers.model import CheckedIdentifier, Identifier, Identifiers
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.identity.authorization.write_as import write_once

_RESTRICTED = "Numbers of this range are for use within one company or region only."


async def validate_all(
    database: Database, actor: Actor, account_id: str, requested: Identifiers, idempotency_key: str | None
) -> IdempotentOutcome[list[CheckedIdentifier]]:
    """Raises IdempotencyKeyReused. The results depend on the request alone, so they are not recorded."""
    checked = [validate(one) for one in requested.identifiers]
    if idempotency_key is None:
        return IdempotentOutcome(checked, False)
    request = Request(account_id, "POST /identifiers/validate", idempotency_key, [actor.id, requested])
    return await write_once(
        database, actor, request, lambda conn: checked, lambda conn, recorded: checked, record=lambda made: None
    )


def validate(identifier: Identifier) -> CheckedIdentifier:
    """Never raises: an invalid identifier is a result."""
    try:
        return _READERS[identifier.type](identifier.value)
    except (NotAGtin, NotAnIdentifier) as error:
        return CheckedIdentifier(valid=False, expected_check_digit=error.expected, error=str(error))


def _gtin(text: str) -> CheckedIdentifier:
    gtin = read_gtin(text)
    return CheckedIdentifier(
        True,
        gtin.digits14,
        FORMATS[gtin.length],
        int(text[-1]),
        f"{RESOLVER}/01/{gtin.digits14}",
        warning=_RESTRICTED if is_restricted(gtin) else None,
    )


def _digits(ai: str) -> Callable[[str], CheckedIdentifier]:
    key = KEYS[ai]

    def read(text: str) -> CheckedIdentifier:
        check_value(key, text)
        return CheckedIdentifier(True, text, key.name, int(text[-1]), f"{RESOLVER}/{ai}/{text}")

    return read


def _link(text: str) -> CheckedIdentifier:
    found = read_digital_link(text)
    return CheckedIdentifier(True, found.uri, found.key.name, _check_digit_of(found), found.uri)


def _urn(text: str) -> CheckedIdentifier:
    found = read_epc_urn(text)
    return CheckedIdentifier(True, found.uri, found.key.name, _check_digit_of(found), found.uri)


def _check_digit_of(found: ParsedIdentifier) -> int | None:
    return None if found.key.checked is None else int(found.value[found.key.checked][-1])


_READERS: dict[str, Callable[[str], CheckedIdentifier]] = {
    "gtin": _gtin,
    "gln": _digits("414"),
    "sscc": _digits("00"),
    "digitalLink": _link,
    "epcUrn": _urn,
}
