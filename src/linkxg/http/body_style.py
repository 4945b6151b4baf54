"""The body style of a route, which it declares with `style=`."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any


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
    """Errors are problems (RFC 9457) whose type names an exception of EPCIS 2.0; OPTIONS describes the resource."""
    PAGE = "page"
    """Pages for people; unknown parameters of a link are ignored."""


def style_of(opt: Mapping[str, Any]) -> BodyStyle:
    """The style that the options of a route declare."""
    style: BodyStyle = opt.get("style", BodyStyle.ENVELOPE)
    return style


def path_groups(base: str, declared: Iterable[tuple[str, BodyStyle]], style: BodyStyle) -> tuple[str, ...]:
    """The groups of paths below `base` whose routes have this style; unknown paths there answer in it as well."""
    paths = (path.removeprefix(f"{base}/") for path, of_route in declared if of_route is style)
    return tuple(sorted({f"{base}/{path.partition('/')[0]}/" for path in paths}))


def scim_groups(declared: Iterable[tuple[str, BodyStyle]]) -> tuple[str, ...]:
    """The first segments of the paths of `SCIM` routes; whatever is below them answers in that style."""
    return tuple(sorted({f"/{path.split('/')[1]}/" for path, style in declared if style is BodyStyle.SCIM}))
