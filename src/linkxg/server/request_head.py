"""Rules of HTTP/1.1 for the head of a request that the parser does not enforce.

RFC 9112 §2.3 (version), §3.2 (exactly one valid Host) and §6.1 (transfer codings); RFC 9110 §4.2.4 (userinfo).
"""

import re
from functools import lru_cache

from linkxg.errors import InvalidRequest, PublicError, TransferCodingNotImplemented

SPECIAL = frozenset({b"host", b"transfer-encoding", b"upgrade", b"expect"})
"""The header fields that the protocol itself has to know."""
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")

_USERINFO = re.compile(rb"[^/?#]*//[^/?#]*@")


@lru_cache(1_024)
def is_host(value: bytes | None) -> bool:
    """Whether `value` is `uri-host [ ":" port ]` (RFC 9110 §7.2) with a host that is not empty."""
    return value is not None and _HOST.fullmatch(value.strip(b" \t")) is not None


def find_fault(version: str, hosts: int, host: bytes | None, coding: bytes | None) -> PublicError | None:
    """The reason to refuse a request with so many Host fields, of which `host` is the last; None if there is none."""
    if hosts == 1 and coding is None and version == "1.1" and is_host(host):
        return None
    if version not in {"1.1", "1.0"}:
        return InvalidRequest("This service supports only HTTP/1.1 and HTTP/1.0.")
    if not hosts and version == "1.1":
        return InvalidRequest("The Host header is missing.")
    if hosts > 1:
        return InvalidRequest("The Host header is repeated.")
    if hosts and not is_host(host):
        return InvalidRequest("The Host header is malformed.")
    if coding is not None and version == "1.0":
        return InvalidRequest("HTTP/1.0 has no transfer codings.")
    if coding is not None and coding.strip(b" \t").lower() != b"chunked":
        return TransferCodingNotImplemented()
    return None


def find_target_fault(target: bytes) -> PublicError | None:
    """The reason to refuse a request for its target; None if there is none."""
    if not target.startswith(b"/") and _USERINFO.match(target):
        return InvalidRequest("The address of the request must not contain a user name or a password.")
    return None
