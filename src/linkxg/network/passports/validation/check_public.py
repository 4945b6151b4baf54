"""Checks a passport as the public sees it: by the validation of UNTP, and for placeholders of what is withheld."""

from linkxg.network.passports.documents.addresses import Addresses
from linkxg.network.passports.documents.model import Redacted, StatusEntry
from linkxg.network.passports.documents.untp_json_ld import untp_json_ld
from linkxg.network.passports.validation.model import PassportFinding, warning
from linkxg.network.passports.validation.validate import validate

REQUIRED = ("name", "category", "facility", "countryOfProduction")
"""The members of a content without which a passport of UNTP has a placeholder."""
_NO_ENTRY = StatusEntry(1, 0)
"""Any place in a status list will do: the validation does not read the list."""


def check_public_view(public: Redacted, addresses: Addresses) -> list[PassportFinding]:
    """The findings of the newest version. The pointer of a placeholder is one into the content."""
    withheld = [name for name in REQUIRED if name in public.withheld]
    found = [
        warning(
            "placeholder",
            f"/{name}",
            "UNTP requires it, but the public may not read it: a placeholder is shown.",
        )
        for name in withheld
    ]
    validation = validate(untp_json_ld(public, addresses, _NO_ENTRY))
    # The placeholder of a country that is withheld is among them.
    hidden = {"country"} if "countryOfProduction" in withheld else set()
    return [*found, *(one for one in validation.findings if one.code not in hidden)]
