"""Checks an invitation before anything is looked up."""

from typing import NamedTuple

from linkxg.errors import InvalidRequest, ValidationFailed
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.identity.accounts.gln import is_gln
from linkxg.identity.accounts.model import email_key
from linkxg.identity.accounts.slug import is_slug
from linkxg.network.check_fields import check_text, one_of
from linkxg.network.connections.model import MIRRORED, InvitePartner, Relationship


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
        faults.insert(0, fault("inviteeSlug", message))
    relationship = one_of("relationship", given.relationship, tuple(MIRRORED), faults)
    check_text("message", given.message, faults)
    if faults:
        raise ValidationFailed(details=faults)
    return invitees[0], relationship


def _invitees(given: InvitePartner, faults: list[FieldFault]) -> list[Invitee]:
    found = []
    if (slug := given.invitee_slug) is not None:
        if is_slug(slug):
            found.append(Invitee("slug", slug, slug))
        else:
            faults.append(fault("inviteeSlug", "This is not a valid slug."))
    if (gln := given.invitee_gln) is not None:
        if is_gln(gln):
            found.append(Invitee("gln", gln, gln))
        else:
            message = "A GLN has 13 digits, of which the last is the check digit."
            faults.append(fault("inviteeGln", message))
    if (email := given.invitee_email) is not None:
        try:
            found.append(Invitee("email", email, email_key(email)))
        except InvalidRequest:
            faults.append(fault("inviteeEmail", "This is not a valid e-mail address."))
    return found
