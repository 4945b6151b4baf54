"""Checks the identifier of a resource server.

It is the `resource` of a token request and the `aud` of its tokens (RFC 8707 §2).
"""

import re

from linkxg.errors import InvalidRequest

MAX_RESOURCE = 500
# An absolute URI in one spelling only, because identifiers are compared as strings: no query, fragment, user or escape.
_RESOURCE = re.compile(
    r"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:localhost|127\.0\.0\.1))(?::[1-9][0-9]{0,4})?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@/-]*)?"
)


def check_resource(resource: str, scope: str) -> None:
    """Raises InvalidRequest."""
    if scope:
        raise InvalidRequest("A resource server has no scopes; send scope or resource, not both.")
    if len(resource) > MAX_RESOURCE or not _RESOURCE.fullmatch(resource):
        raise InvalidRequest(
            f"The field resource must be an https URL of at most {MAX_RESOURCE} characters, in lower case up to its "
            "path, without user, query and fragment."
        )
