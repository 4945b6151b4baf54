"""The addresses of a passport and of its issuer, below the public address of this service."""

from urllib.parse import quote, urlsplit

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.network.passports.documents.model import Issuer, PassportRecord


class Addresses:
    """`public_url` is an origin without a path."""

    def __init__(self, public_url: str) -> None:
        self.public_url = public_url

    def passport(self, passport_id: str) -> str:
        """The digital product passport id, where everybody reads it."""
        return f"{self.public_url}/dpp/{passport_id}"

    def version(self, passport_id: str, version: int) -> str:
        return f"{self.passport(passport_id)}?version={version}"

    def carrier(self, slug: str, passport: PassportRecord) -> str:
        """The Digital Link that a data carrier has, at the resolver of this service."""
        return f"{self.public_url}/{slug}{identity_path(passport)}"

    def did(self, slug: str) -> str:
        """The issuer: `did:web` with the port, if any, escaped (did:web §3.1)."""
        return f"did:web:{quote(urlsplit(self.public_url).netloc, safe='')}:{slug}"

    def did_document(self, slug: str) -> str:
        return f"{self.public_url}/{slug}/did.json"

    def status_list(self, slug: str, number: int) -> str:
        return f"{self.public_url}/{slug}/status/{number}"

    def operator(self, issuer: Issuer) -> str:
        """The economic operator: its GLN, or else its DID."""
        return gln_uri("417", issuer.gln) if issuer.gln else self.did(issuer.slug)


def identity_path(passport: PassportRecord) -> str:
    """The path of a Digital Link (GS1 Digital Link URI Syntax §4)."""
    return "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in passport.elements)


def product_identifier(passport: PassportRecord) -> str:
    """The unique product identifier: the normal form of the Digital Link."""
    return RESOLVER + identity_path(passport)


def gln_uri(ai: str, gln: str) -> str:
    """The Digital Link of a GLN, of a party (`ai` 417) or of a location (414)."""
    return f"{RESOLVER}/{ai}/{gln}"
