"""Checks an invitation before anything is looked up."""

from typing import NamedTuple

from linkxg.errors import InvalidRequest, ValidationFailed
from linkxg.http.schema_errors import FieldFault
from linkxg.identity.accounts.gln import is_gln
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.slug import is_slug
from linkxg.network.connections.model import MAX_TEXT, MIRRORED, InvitePartner, Relationship


class Invitee(NamedTuple):
    """Who is invited: as written, and in normal form; `kind` says which of the three it is."""

    kind: str
    text: str
    value: str

    @property
    def key(self) -> str:
        """One per invitee and kind."""
        return f"{self.kind}:{self.value}"


def check_invitation(given: InvitePartner) -> tuple[Invitee, Relationship]:
    """Raises ValidationFailed with every fault."""
    faults: list[FieldFault] = []
    invitees = list(_invitees(given, faults))
    named = [given.invitee_slug, given.invitee_gln, given.invitee_email]
    if sum(text is not None for text in named) != 1:
        message = "Give exactly one of inviteeSlug, inviteeGln and inviteeEmail."
        faults.insert(0, {"field": "inviteeSlug", "code": "invalid", "message": message})
    relationship = next((one for one in MIRRORED if one == given.relationship), None)
    if relationship is None:
        message = f"Must be one of {', '.join(MIRRORED)}."
        faults.append({"field": "relationship", "code": "invalid", "message": message})
    check_text("message", given.message, faults)
    if faults or relationship is None:
        raise ValidationFailed(details=faults)
    return invitees[0], relationship


def _invitees(given: InvitePartner, faults: list[FieldFault]) -> list[Invitee]:
    found = []
    if (slug := given.invitee_slug) is not None:
        if is_slug(slug):
            found.append(Invitee("slug", slug, slug))
        else:
            faults.append({"field": "inviteeSlug", "code": "invalid", "message": "This is not a valid slug."})
    if (gln := given.invitee_gln) is not None:
        if is_gln(gln):
            found.append(Invitee("gln", gln, gln))
        else:
            message = "A GLN has 13 digits, of which the last is the check digit."
            faults.append({"field": "inviteeGln", "code": "invalid", "message": message})
    if (email := given.invitee_email) is not None:
        try:
            found.append(Invitee("email", email, email_key(email)))
        except InvalidRequest:
            faults.append(
                {"field": "inviteeEmail", "code": "invalid", "message": "This is not a valid e-mail address."}
            )
    return found


def check_text(field: str, text: str | None, faults: list[FieldFault]) -> None:
    if text is not None and len(text) > MAX_TEXT:
        faults.append({"field": field, "code": "too_long", "message": f"At most {MAX_TEXT} characters."})


def check_reason(reason: str | None) -> None:
    """Raises ValidationFailed."""
    faults: list[FieldFault] = []
    check_text("reason", reason, faults)
    if faults:
        raise ValidationFailed(details=faults)
