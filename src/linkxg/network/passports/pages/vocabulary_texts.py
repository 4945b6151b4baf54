"""The words of a page that come from vocabularies, in English and German: steps of CBV 2.0, life statuses, units."""

from collections.abc import Mapping

from linkxg.catalog.products.countries import NAMES
from linkxg.catalog.products.countries_de import GERMAN_NAMES
from linkxg.network.passports.documents.model import LifeStatus

Both = tuple[str, str]
LANGUAGES = ("en", "de")
COUNTRY_NAMES: Mapping[str, Mapping[str, str]] = {"en": NAMES, "de": GERMAN_NAMES}
LIFE_STATUS_TEXTS: Mapping[LifeStatus, Both] = {
    "original": ("original", "ursprünglich"),
    "re-used": ("re-used", "wiederverwendet"),
    "repurposed": ("repurposed", "umgenutzt"),
    "remanufactured": ("remanufactured", "wiederaufgearbeitet"),
    "waste": ("waste", "Abfall"),
}
EVENT: Both = ("Event", "Ereignis")
"""For a step of a company's own vocabulary, or of none."""
BIZ_STEP_TEXTS: Mapping[str, Both] = {
    "accepting": ("Accepted", "Angenommen"),
    "arriving": ("Arrived", "Angekommen"),
    "assembling": ("Assembled", "Montiert"),
    "collecting": ("Collected", "Gesammelt"),
    "commissioning": ("Made", "Hergestellt"),
    "consigning": ("Consigned", "Übergeben"),
    "creating_class_instance": ("Made", "Hergestellt"),
    "cycle_counting": ("Counted", "Gezählt"),
    "decommissioning": ("Taken out of use", "Außer Gebrauch genommen"),
    "departing": ("Departed", "Abgefahren"),
    "destroying": ("Destroyed", "Vernichtet"),
    "disassembling": ("Disassembled", "Zerlegt"),
    "dispensing": ("Dispensed", "Ausgegeben"),
    "encoding": ("Label encoded", "Etikett beschrieben"),
    "entering_exiting": ("Entered or left", "Ein- oder ausgegangen"),
    "holding": ("Held", "Zurückgehalten"),
    "inspecting": ("Inspected", "Geprüft"),
    "installing": ("Installed", "Eingebaut"),
    "killing": ("Label disabled", "Etikett deaktiviert"),
    "loading": ("Loaded", "Verladen"),
    "other": EVENT,
    "packing": ("Packed", "Verpackt"),
    "picking": ("Picked", "Kommissioniert"),
    "receiving": ("Received", "Empfangen"),
    "removing": ("Removed", "Entfernt"),
    "repackaging": ("Repackaged", "Umgepackt"),
    "repairing": ("Repaired", "Repariert"),
    "replacing": ("Replaced", "Ersetzt"),
    "reserving": ("Reserved", "Reserviert"),
    "retail_selling": ("Sold", "Verkauft"),
    "sampling": ("Sampled", "Probe genommen"),
    "sensor_reporting": ("Measured", "Gemessen"),
    "shipping": ("Shipped", "Versandt"),
    "staging_outbound": ("Staged for shipping", "Zum Versand bereitgestellt"),
    "stock_taking": ("Counted", "Gezählt"),
    "stocking": ("Stocked", "Eingeräumt"),
    "storing": ("Stored", "Gelagert"),
    "transporting": ("Transported", "Befördert"),
    "unloading": ("Unloaded", "Entladen"),
    "unpacking": ("Unpacked", "Ausgepackt"),
    "void_shipping": ("Shipping cancelled", "Versand storniert"),
}
TOPIC_TEXTS: Mapping[str, Both] = {
    "environment": ("Environment", "Umwelt"),
    "environment.biodiversity": ("Biodiversity", "Artenvielfalt"),
    "environment.deforestation": ("Deforestation", "Entwaldung"),
    "environment.emissions": ("Emissions", "Emissionen"),
    "environment.energy": ("Energy", "Energie"),
    "environment.waste": ("Waste", "Abfall"),
    "environment.water": ("Water", "Wasser"),
    "circularity": ("Circularity", "Kreislaufwirtschaft"),
    "circularity.content": ("Recycled content", "Rezyklatanteil"),
    "circularity.design": ("Circular design", "Kreislaufgerechte Gestaltung"),
    "social": ("Social matters", "Soziales"),
    "social.community": ("Community", "Gemeinwesen"),
    "social.labour": ("Labour", "Arbeitsbedingungen"),
    "social.rights": ("Human rights", "Menschenrechte"),
    "social.safety": ("Safety", "Sicherheit"),
    "governance": ("Governance", "Unternehmensführung"),
    "governance.compliance": ("Compliance", "Regelkonformität"),
    "governance.ethics": ("Ethics", "Ethik"),
    "governance.transparency": ("Transparency", "Transparenz"),
}
"""The topics of conformity of UNTP, by their code."""
UNIT_SYMBOLS: Mapping[str, str] = {
    "KGM": "kg", "GRM": "g", "MGM": "mg", "TNE": "t", "LBR": "lb", "ONZ": "oz",
    "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "INH": "in", "FOT": "ft",
    "GLL": "gal", "OZA": "fl oz", "MTK": "m²", "CMK": "cm²", "MMK": "mm²",
    "LTR": "l", "MLT": "ml", "CLT": "cl", "MTQ": "m³", "CMQ": "cm³",
    "SEC": "s", "MIN": "min", "HUR": "h", "HTZ": "Hz",
    "WTT": "W", "KWT": "kW", "WHR": "Wh", "KWH": "kWh", "JOU": "J", "KJO": "kJ",
    "VLT": "V", "AMP": "A", "AMH": "Ah", "OHM": "Ω", "CEL": "°C", "KEL": "K",
    "PAL": "Pa", "KPA": "kPa", "BAR": "bar", "NEW": "N", "P1": "%", "C62": "", "H87": "",
}  # fmt: skip
"""Of codes of UN/CEFACT Recommendation 20; any other code is shown as it is. C62 and H87 count pieces."""


def country_name(code: str | None, language: str) -> str | None:
    return None if code is None else COUNTRY_NAMES[language].get(code, code)


def life_status_text(status: LifeStatus, language: str) -> str:
    return LIFE_STATUS_TEXTS[status][LANGUAGES.index(language)]


def biz_step_text(step: str | None, language: str, *, is_transformation: bool = False) -> str:
    """Of a company's own step, such as sewing, only what it did to the goods."""
    otherwise = BIZ_STEP_TEXTS["commissioning"] if is_transformation else EVENT
    return BIZ_STEP_TEXTS.get(step or "", otherwise)[LANGUAGES.index(language)]


def topic_text(topic: str | None, language: str) -> str | None:
    """A topic of UNTP in words; another one as the company has written it."""
    found = TOPIC_TEXTS.get((topic or "").lower())
    return topic if found is None else found[LANGUAGES.index(language)]


def number_text(value: float | str, language: str) -> str:
    """A number with the decimal sign of the language."""
    return str(value).replace(".", ",") if language == "de" and not isinstance(value, str) else str(value)
