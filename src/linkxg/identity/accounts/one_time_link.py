"""The one answer to a link that does not work: of an invitation, a reset, a change of address, a sign-up."""

from linkxg.errors import NotFound


def dead_link(reason: str | None = None) -> NotFound:
    """The same for every cause; `reason` is for the log."""
    return NotFound("The link is wrong, used, replaced or expired.", reason=reason)
