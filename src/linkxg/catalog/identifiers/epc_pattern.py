"""EPC pure identity patterns as the beginnings of Digital Links (EPC Tag Data Standard 2.1 §8, EPCIS 2.0 §8.2.7.1).

A pattern has `*` in place of its last part, or of several parts up to the last. In a Digital Link the indicator digit
of a GTIN or the extension digit of an SSCC comes before the company prefix, so a pattern may stand for ten beginnings.
"""

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.catalog.identifiers.epc_urn import ANY, PREFIX, SCHEMES, URN, decode_part
from linkxg.catalog.identifiers.keys import NotAnIdentifier

_DIGITS = "0123456789"
# What comes before the company prefix, and between the reference and a serial; `None`: the reference is the last part.
_INDICATED = {"sgtin": "/01/", "lgtin": "/01/", "upui": "/01/", "itip": "/8006/", "sscc": "/00/"}
_PLAIN = {
    "sgln": "/414/",
    "pgln": "/417/",
    "grai": "/8003/0",
    "gdti": "/253/",
    "sgcn": "/255/",
    "gsrn": "/8018/",
    "gsrnp": "/8017/",
    "gsin": "/402/",
    "giai": "/8004/",
    "ginc": "/401/",
    "cpi": "/8010/",
}
_SERIALS = {"sgtin": "/21/", "lgtin": "/10/", "upui": "/235/", "sgln": "/254/", "cpi": "/8011/"}


def read_epc_pattern(text: str) -> tuple[str, ...]:
    """The beginnings of the normal forms that the pattern matches. Raises NotAnIdentifier."""
    matched = URN.fullmatch(text) if text.isascii() and text.isprintable() else None
    name = matched[2].lower() if matched else ""
    scheme = SCHEMES.get(name)
    if matched is None or matched[1].lower() != "idpat" or scheme is None:
        raise NotAnIdentifier("A pattern looks like urn:epc:idpat:sgtin:4012345.098765.*.")
    parts = matched[3].split(".", scheme.parts - 1)
    fixed = parts[: parts.index(ANY)] if ANY in parts else parts
    if len(parts) != scheme.parts or set(parts[len(fixed) :]) != {ANY}:
        raise NotAnIdentifier(
            f"A pattern of {name} must have {scheme.parts} parts, with an asterisk for the last ones."
        )
    prefix, reference, *rest = [*map(decode_part, fixed), "", ""][: max(len(fixed), 2)]
    if prefix and not PREFIX.fullmatch(prefix):
        raise NotAnIdentifier("A company prefix must have 6 to 12 digits.")
    if len(fixed) < 2:
        return _of_company(name, prefix)
    if scheme.digits is not None and (len(prefix) + len(reference) != scheme.digits or not reference.isdigit()):
        raise NotAnIdentifier(f"Company prefix and reference of {name} must have {scheme.digits} digits together.")
    return (RESOLVER + _of_reference(name, prefix, reference, rest),)


def _of_company(name: str, prefix: str) -> tuple[str, ...]:
    if name in _PLAIN:
        return (RESOLVER + _PLAIN[name] + prefix,)
    if not prefix:
        return (RESOLVER + _INDICATED[name],)
    return tuple(RESOLVER + _INDICATED[name] + digit + prefix for digit in _DIGITS)


def _of_reference(name: str, prefix: str, reference: str, rest: list[str]) -> str:
    if name == "cpi":
        return _PLAIN[name] + prefix + reference.replace("#", "%23").replace("/", "%2F") + _SERIALS[name]
    if name in _PLAIN:
        digits = ("0" if name == "grai" else "") + prefix + reference
        start = _PLAIN[name] + (prefix + reference)
        return start + str(check_digit(digits)) + _SERIALS.get(name, "")
    digits = reference[:1] + prefix + reference[1:]
    checked = _INDICATED[name] + digits + str(check_digit(digits))
    if name != "itip":
        return checked + _SERIALS[name]
    # Piece and total are parts of the key.
    return checked + "".join(rest) + ("/21/" if len(rest) == 2 else "")
