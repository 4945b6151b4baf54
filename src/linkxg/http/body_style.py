"""The body style of a route, which it declares with `style=`."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple


class BodyStyle(Enum):
    """A route that declares none is `ENVELOPE`."""

    ENVELOPE = "envelope"
    """Errors have a request id, or are a problem (RFC 9457); a wrong media type is 415, an invalid body 422."""
    SIGN_IN = "sign-in"
    """The same errors, but an invalid body is `invalid_request`."""
    OAUTH = "oauth"
    """Errors have two members (RFC 6749 §5.2), and an invalid body is `invalid_request`."""
    SCIM = "scim"
    """Errors are messages of RFC 7644 §3.12; unknown parameters are ignored."""
    EPCIS = "epcis"
    """Errors are problems (RFC 9457) whose type names an exception of EPCIS 2.0; an invalid body is 400.

    OPTIONS describes the resource.
    """
    PAGE = "page"
    """Pages for people; unknown parameters of a link are ignored."""


def style_of(opt: Mapping[str, Any]) -> BodyStyle:
    """The style that the options of a route declare."""
    style: BodyStyle = opt.get("style", BodyStyle.ENVELOPE)
    return style


class StyleGroups(NamedTuple):
    """The beginnings of paths whose errors have a style, for unknown addresses too."""

    oauth: tuple[str, ...]
    scim: tuple[str, ...]
    epcis: tuple[str, ...]

    @classmethod
    def of(cls, base: str, declared: Iterable[tuple[str, BodyStyle]]) -> "StyleGroups":
        """Those of the routes with these paths; of SCIM the first segment, of others the first one below `base`."""
        found = list(declared)
        scim = {f"/{path.split('/')[1]}/" for path, style in found if style is BodyStyle.SCIM}
        below = {
            of_style: {
                f"{base}/{path.removeprefix(f'{base}/').partition('/')[0]}/"
                for path, style in found
                if style is of_style
            }
            for of_style in (BodyStyle.OAUTH, BodyStyle.EPCIS)
        }
        return cls(*(tuple(sorted(one)) for one in (below[BodyStyle.OAUTH], scim, below[BodyStyle.EPCIS])))
