"""The parameters of a media type, and of a Content-Disposition (RFC 9110 §5.6.6, RFC 8187).

Unknown names are ignored (RFC 2045 §5.1).
"""

import re
from urllib.parse import unquote_to_bytes

_PARAMETER = re.compile(r';\s*([A-Za-z0-9!#$&+.^_`|~*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_QUOTED_PAIR = re.compile(r"\\(.)")


def media_type_parameters(content_type: bytes | str | None) -> dict[str, str]:
    """Name in lower case → value; of a repeated one the first."""
    text = content_type.decode("latin-1") if isinstance(content_type, bytes) else content_type or ""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        plain = _QUOTED_PAIR.sub(r"\1", value[1:-1]) if value.startswith('"') else value
        found.setdefault(name.lower(), plain)
    return found


def extended_value(value: str) -> str | None:
    """The text of a parameter such as `filename*=utf-8''a%C3%A4.csv` (RFC 8187 §3.2); None for what is not one."""
    charset, quote, rest = value.partition("'")
    _, second, encoded = rest.partition("'")
    if not (quote and second) or charset.lower() not in ("utf-8", "iso-8859-1"):
        return None
    try:
        return unquote_to_bytes(encoded).decode(charset)
    except UnicodeDecodeError:
        return None
