"""Producer, facilities, categories and materials that the demo's products share.

GTINs and GLNs begin with 952, which GS1 keeps for demonstrations and examples. Categories are those of the UN Central
Product Classification, materials are named by their CAS numbers.
"""

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.products.content import Category, Document, Facility, Material, Measure, Producer

BRAND = "Acme"
_CPC = "https://unstats.un.org/unsd/classifications/Econ/cpc"
_CAS = "https://www.cas.org/"
_CAS_NUMBERS = {
    "Iron": "7439-89-6",
    "Chromium": "7440-47-3",
    "Nickel": "7440-02-0",
    "Zinc": "7440-66-6",
    "Aluminium": "7429-90-5",
    "Copper": "7440-50-8",
    "Graphite": "7782-42-5",
    "Lithium iron phosphate": "15365-14-7",
    "Polyamide 6": "25038-54-4",
    "Polycarbonate": "25037-45-0",
    "ABS": "9003-56-9",
}


def gtin(number: int) -> str:
    """The GTIN-13 of the account's product with this number."""
    return _checked(f"952{number:09}")


def gln(number: int) -> str:
    """The GLN of the account's place with this number."""
    return _checked(f"9529{number:08}")


def _checked(digits: str) -> str:
    return digits + str(check_digit(digits))


def category(code: str, name: str) -> Category:
    return Category(code, name, _CPC, "UN CPC 3.0")


PRODUCER = Producer("Acme GmbH", gln(1))
WORKS = {
    "Hagen": (Facility("Acme Hagen works", gln(11), "DE"), "DE"),
    "Brno": (Facility("Acme Brno assembly", gln(12), "CZ"), "CZ"),
    "Porto": (Facility("Acme Porto lighting", gln(13), "PT"), "PT"),
}


def material(name: str, share: float, country: str, *, recycled: float | None = None) -> Material:
    return Material(name, _CAS_NUMBERS[name], _CAS, share, recycled, country, name in ("Nickel",))


def grams(value: float) -> Measure:
    return Measure(round(value, 1), "GRM")


def millimetres(value: float) -> Measure:
    return Measure(value, "MMT")


def sheet(sku: str, title: str) -> Document:
    """A document of the product on the account's own pages."""
    address = f"https://www.acme.example/documents/{sku.lower()}.pdf"
    return Document(address, title, "application/pdf", language="en")
