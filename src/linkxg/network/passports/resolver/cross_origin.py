"""OPTIONS of what everybody reads below the root: other origins may read it, without credentials (Fetch §3)."""

import re

from linkxg.catalog.identifiers.keys import KEYS
from linkxg.identity.accounts.slug import RESERVED
from linkxg.network.passports.resolver.link_endpoint import linkset_of

_METHODS = "GET, HEAD, OPTIONS"
_SLUG, _KEYS = r"/([a-z][a-z0-9-]{1,38})", "|".join(KEYS)
_LINK = re.compile(rf"{_SLUG}/(?:(?:{_KEYS})/[!-~]{{1,2000}}|[A-Za-z0-9_-]{{10,2000}})|/01/[!-~]{{1,2000}}")
_OF_ISSUER = re.compile(rf"{_SLUG}/(?:did\.json|status/[0-9]{{1,10}})")
_OTHERS = re.compile(
    r"/dpp/[0-9A-Fa-f-]{36}(/versions|/qr)?|/\.well-known/(gs1)?resolver|"
    r"/v1/(dpps|dppsByProductId|dppsByIdAndDate)/[!-~]{1,2000}"
)


class CrossOriginOptions:
    """The header fields of the answer to OPTIONS; None for a path that is none of these."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    def __call__(self, raw_path: str) -> dict[str, str] | None:
        link, of_issuer = _LINK.fullmatch(raw_path), _OF_ISSUER.fullmatch(raw_path)
        if any(found and found[1] in RESERVED for found in (link, of_issuer)):
            link = of_issuer = None
        if not (link or of_issuer or _OTHERS.fullmatch(raw_path)):
            return None
        headers = {
            "Allow": _METHODS,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
            "Access-Control-Max-Age": "86400",
        }
        if link:
            headers["Link"] = linkset_of(self._public_url + raw_path.removesuffix("/"))
        return headers
