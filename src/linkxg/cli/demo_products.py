"""What does the account of the demo sell?

GTINs begin with 952, which GS1 keeps for demonstrations and examples.
"""

from typing import Any

from linkxg.identifiers.check_digit import check_digit
from linkxg.products.content import Category, Content
from linkxg.products.model import NewProduct

BRAND = "Acme"


def demo_products() -> list[NewProduct]:
    """Twelve products, from a cordless drill to a rain barrel."""
    return [
        _product(1, "DRL-18V-2", "Cordless drill 18 V", "Power tools", "Two gears, 13 mm chuck, brushless motor.",
                 voltage=18, netWeightKg=1.4, batteryIncluded=True),
        _product(2, "BAT-18V-4", "Battery pack 18 V, 4.0 Ah", "Batteries", "Fits every Acme 18 V tool.",
                 voltage=18, capacityAh=4.0, chemistry="Li-ion", netWeightKg=0.64),
        _product(3, "CHG-18V", "Quick charger 18 V", "Batteries", "Charges a 4.0 Ah pack in 45 minutes.",
                 inputVoltage="220-240 V", netWeightKg=0.7),
        _product(4, "SAW-JIG-650", "Jigsaw 650 W", "Power tools", "Pendulum stroke, tool-free blade change.",
                 powerW=650, netWeightKg=2.1),
        _product(5, "BLD-JIG-T5", "Jigsaw blades for wood, 5 pieces", "Accessories", "T-shank, clean cut up to 60 mm.",
                 pieces=5, material="High carbon steel"),
        _product(6, "HAM-500", "Claw hammer 500 g", "Hand tools", "Forged head, ash handle from certified forests.",
                 netWeightKg=0.68, handle="Ash, FSC certified"),
        _product(7, "SCR-SET-6", "Screwdriver set, 6 pieces", "Hand tools", "Slotted and Phillips, magnetic tips.",
                 pieces=6, countryOfOrigin="DE"),
        _product(8, "TAP-5M", "Tape measure 5 m", "Hand tools", "Accuracy class II, nylon-coated blade.",
                 lengthM=5, accuracyClass="II"),
        _product(9, "GLV-NIT-9", "Work gloves nitrile, size 9", "Workwear", "Coated palm, EN 388 4121X.",
                 size="9", standard="EN 388", recycledShare=0.35),
        _product(10, "LMP-LED-20", "LED work light 20 W", "Lighting", "2,000 lm, IP65, folding stand.",
                 powerW=20, luminousFluxLm=2000, protection="IP65"),
        _product(11, "HOS-25M", "Garden hose 25 m", "Garden", "Half inch, three layers, frost proof.",
                 lengthM=25, diameterInch=0.5, recycledShare=0.5),
        _product(12, "BRL-200", "Rain barrel 200 l", "Garden", "UV-stable polyethylene, child-safe lid.",
                 volumeL=200, material="HDPE", recycledShare=0.8),
    ]  # fmt: skip


def _product(number: int, sku: str, name: str, category: str, description: str, **attributes: Any) -> NewProduct:
    digits = f"952{number:09}"
    said = Content(name, description, BRAND, category=Category(category), attributes=attributes)
    return NewProduct(sku, said, digits + str(check_digit(digits)))
