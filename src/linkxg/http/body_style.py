"""What the bodies of a route look like, as the route declares it with `style=`."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any


class BodyStyle(Enum):
    """A route that declares none is `ENVELOPE`."""

    ENVELOPE = "envelope"
    """Errors name their request, or are a problem (RFC 9457); a wrong media type is 415, a wrong body 422."""
    SIGN_IN = "sign-in"
    """The same errors, but whatever is wrong with a body is `invalid_request`."""
    OAUTH = "oauth"
    """Errors have two members (RFC 6749 §5.2), and whatever is wrong with a body is `invalid_request`."""
    PAGE = "page"
    """Pages for people: a link to them may have been decorated with parameters that nobody here knows."""


def style_of(opt: Mapping[str, Any]) -> BodyStyle:
    """The style that the options of a route declare."""
    style: BodyStyle = opt.get("style", BodyStyle.ENVELOPE)
    return style


def oauth_groups(base: str, declared: Iterable[tuple[str, BodyStyle]]) -> tuple[str, ...]:
    """The groups of addresses below `base` whose routes are `OAUTH`: an address there without a route answers alike."""
    paths = (path.removeprefix(f"{base}/") for path, style in declared if style is BodyStyle.OAUTH)
    return tuple(sorted({f"{base}/{path.partition('/')[0]}/" for path in paths}))
